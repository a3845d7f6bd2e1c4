"""An amphora for tests: the agent as a child process, a client of its API, and what its health manager hears.

Standard library only. The agent is $AMPHORAD, else `amphorad` on PATH.
"""

import hashlib
import hmac
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import zlib


class Refused(Exception):
    """An answer that was no success."""

    def __init__(self, method, path, status, text):
        super().__init__(f"{method} {path}: {status} {text}")
        self.status = status
        self.text = text


class HealthManager:
    """Receives heartbeats on loopback, verifies and decodes them."""

    def __init__(self):
        self.key = secrets.token_hex(24)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def next(self, fits=lambda heartbeat: True, timeout=10.0):
        """The next heartbeat that fits; TimeoutError tells the last one that did not."""
        # What has come meanwhile is old news.
        self.socket.setblocking(False)
        try:
            while True:
                self.socket.recv(65_507)
        except BlockingIOError:
            pass
        deadline = time.monotonic() + timeout
        last = None
        while (left := deadline - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                last = self.decode(self.socket.recv(65_507))
            except TimeoutError:
                break
            if fits(last):
                return last
        raise TimeoutError(f"no heartbeat that fits within {timeout} s; the last one: {last}")

    def decode(self, envelope):
        payload, mac = envelope[:-64], envelope[-64:]
        expected = hmac.new(self.key.encode(), payload, hashlib.sha256).hexdigest().encode()
        assert hmac.compare_digest(mac, expected), "a heartbeat of another key"
        return json.loads(zlib.decompress(payload))

    def close(self):
        self.socket.close()


class Amphora:
    """A running agent in a directory of its own; `stop` ends it with its haproxy and removes the directory."""

    def __init__(self, heartbeat_interval=0.1):
        # Short: the paths of haproxy's sockets hold 107 bytes, and pytest's tmp_path is longer than most.
        self.directory = tempfile.mkdtemp(prefix="amph-", dir="/tmp")
        self.health_manager = HealthManager()
        self.log_path = os.path.join(self.directory, "agent.log")
        try:
            self._start(heartbeat_interval)
        except BaseException:
            self.health_manager.close()
            shutil.rmtree(self.directory)
            raise

    def _start(self, heartbeat_interval):
        # The key goes by the environment: arguments can be read by everybody.
        environment = {
            **os.environ,
            "AMPHORAD_HEALTH_MANAGER_CONTROLLER_IP_PORT_LIST": f"127.0.0.1:{self.health_manager.port}",
            "AMPHORAD_HEALTH_MANAGER_HEARTBEAT_KEY": self.health_manager.key,
            "AMPHORAD_HEALTH_MANAGER_HEARTBEAT_INTERVAL": str(heartbeat_interval),
        }
        command = [os.environ.get("AMPHORAD", "amphorad"), "dev", "--port", "0", "--ready-json"]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [*command, "--state", os.path.join(self.directory, "state")],
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
            )
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.process.stdout.close()
            raise RuntimeError(f"the agent did not start:\n{self.log()}")
        # url, port, amphora_id, ca, client_cert, client_key, base_path
        self.ready = json.loads(line)
        self.id = self.ready["amphora_id"]
        self.tls = ssl.create_default_context(cafile=self.ready["ca"])
        self.tls.load_cert_chain(self.ready["client_cert"], self.ready["client_key"])

    def log(self):
        with open(self.log_path, encoding="utf-8") as log:
            return log.read()

    def call(self, method, path, body=None):
        """Makes a call; the answer, parsed when it is JSON. Raises Refused for what is no success."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.ready["port"], context=self.tls, timeout=30)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            text = answer.read().decode()
            if not 200 <= answer.status < 300:
                raise Refused(method, path, answer.status, text)
            is_json = answer.headers.get_content_type() == "application/json"
            return json.loads(text) if is_json else text
        finally:
            connection.close()

    def load_balancer(self, load_balancer_id):
        return LoadBalancer(self, load_balancer_id)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=20)
        self.process.stdout.close()
        self.health_manager.close()
        printed = self.log()
        shutil.rmtree(self.directory)
        assert status == 0, f"the agent ended with {status}:\n{printed}"


class LoadBalancer:
    def __init__(self, amphora, load_balancer_id):
        self.amphora = amphora
        self.id = load_balancer_id

    def upload(self, configuration):
        self.amphora.call("PUT", f"/1.0/loadbalancer/{self.amphora.id}/{self.id}/haproxy", configuration)

    def config(self):
        return self.amphora.call("GET", f"/1.0/loadbalancer/{self.id}/haproxy")

    def start(self):
        self.amphora.call("PUT", f"/1.0/loadbalancer/{self.id}/start")

    def reload(self):
        self.amphora.call("PUT", f"/1.0/loadbalancer/{self.id}/reload")

    def stop(self):
        self.amphora.call("PUT", f"/1.0/loadbalancer/{self.id}/stop")
