"""A user of a load balancer: one HTTP connection from inside the namespace, over TLS when a context is given."""

import http.client
import json
import ssl
import time


class Answer:
    """What came back; `told` is the member's JSON."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {key.lower(): value for key, value in response.getheaders()}
        self.text = response.read().decode('utf-8', 'replace')

    @property
    def told(self):
        return json.loads(self.text)

    @property
    def cookies(self):
        return self.headers.get('set-cookie', '').split(';')[0]


class Connection:
    """A connection that is kept alive until `close`."""

    def __init__(self, namespace, address, context=None, sni=None, source=None, timeout=10):
        self.socket = namespace.connect(address, source, timeout)
        if context:
            self.socket = context.wrap_socket(self.socket, server_hostname=sni)
        self._http = http.client.HTTPConnection(address[0], address[1])
        self._http.sock = self.socket

    def get(self, path='/', method='GET', **headers):
        """Asks for a path; underscores in header names are hyphens."""
        self._http.request(method, path, headers={key.replace('_', '-'): value for key, value in headers.items()})
        return Answer(self._http.getresponse())

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def trusting(*certificates, client=None, directory=None, alpn=None, most=None, ciphers=None):
    """Makes a client's TLS context that trusts these authorities and shows `client`, if one is given."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for certificate in certificates:
        context.load_verify_locations(cadata=certificate)
    if client:
        path = '{}/{:x}.pem'.format(directory, client.serial)
        with open(path, 'w') as file:
            file.write(client.bundle)
        context.load_cert_chain(path)
    if alpn:
        context.set_alpn_protocols(alpn)
    if most:
        context.maximum_version = most
    if ciphers:
        context.set_ciphers(ciphers)
    return context


def serving(leaf, directory, clients=None, alpn=None):
    """Makes a member's TLS context; with `clients`, an authority, it demands a client certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    path = '{}/{:x}.pem'.format(directory, leaf.serial)
    with open(path, 'w') as file:
        file.write(leaf.bundle)
    context.load_cert_chain(path)
    if clients:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=clients)
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


def eventually(attempt, deadline=15, pause=0.05):
    """Tries until nothing is raised and gives the result; after the deadline in seconds the last failure stands."""
    end = time.monotonic() + deadline
    while True:
        try:
            return attempt()
        except Exception:
            if time.monotonic() > end:
                raise
        time.sleep(pause)
