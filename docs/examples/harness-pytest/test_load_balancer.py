"""A load balancer under test: a real agent and a real haproxy, two members on loopback, and what the health manager hears."""

import http.client
import http.server
import socket
import threading
import uuid

import pytest

from amphora import Refused


class Member:
    """A member that answers with its name."""

    def __init__(self, name):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(name)))
                self.end_headers()
                self.wfile.write(name.encode())

            def log_message(self, *words):
                pass

        self.name = name
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=[0.05])
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fetch(port):
    """What is answered through the load balancer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def configuration(port, members):
    servers = "\n".join(f"    server {m.name} 127.0.0.1:{m.port} check inter 100ms fall 2" for m in members)
    return f"""
global
    maxconn 100
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
frontend web
    bind 127.0.0.1:{port}
    default_backend shop
backend shop
    balance roundrobin
{servers}
"""


def pool(heartbeat):
    return heartbeat["pools"].get("shop", {"status": None, "members": {}})


@pytest.fixture(scope="module")
def port():
    return free_port()


@pytest.fixture(scope="module")
def members():
    running = {name: Member(name) for name in ("one", "two")}
    yield running
    for member in running.values():
        member.close()


@pytest.fixture(scope="module")
def load_balancer(amphora, members, port):
    made = amphora.load_balancer(uuid.uuid4())
    made.upload(configuration(port, members.values()))
    made.start()
    return made


def test_traffic_goes_to_both_members(amphora, load_balancer, port):
    amphora.health_manager.next(lambda heartbeat: pool(heartbeat)["status"] == "UP")
    assert {fetch(port), fetch(port)} == {"one", "two"}


def test_a_member_that_fails_is_down_in_the_next_heartbeats(amphora, load_balancer, members, port):
    members.pop("two").close()
    told = amphora.health_manager.next(lambda heartbeat: pool(heartbeat)["members"].get("two") == "DOWN")
    assert pool(told)["members"]["one"] == "UP"
    assert [fetch(port), fetch(port)] == ["one", "one"]


def test_a_reload_takes_the_member_out(amphora, load_balancer, members, port):
    load_balancer.upload(configuration(port, [members["one"]]))
    load_balancer.reload()
    told = amphora.health_manager.next(lambda heartbeat: set(pool(heartbeat)["members"]) == {"one"})
    assert pool(told)["status"] == "UP"
    assert fetch(port) == "one"


def test_a_configuration_that_haproxy_refuses_changes_nothing(load_balancer, port):
    with pytest.raises(Refused) as refused:
        load_balancer.upload("backend b\n    balance sideways\n")
    assert refused.value.status == 400
    assert "balance roundrobin" in load_balancer.config()
    assert fetch(port) == "one"


def test_a_load_balancer_that_is_stopped_refuses_connections(amphora, load_balancer, port):
    load_balancer.stop()
    assert amphora.call("GET", "/1.0/listeners") == []
    with pytest.raises(ConnectionRefusedError):
        fetch(port)
