"""Members: small HTTP servers that tell in JSON how a request reached them, over TLS or the PROXY protocol too."""

import http.server
import json
import socket
import socketserver
import struct
import threading
import time

SIGNATURE_V2 = b'\r\n\r\n\0\r\nQUIT\n'
PP2_TYPE_SSL = 0x20
PP2_SUBTYPE_SSL_CN = 0x22


def _exactly(stream, count):
    data = b''
    while len(data) < count:
        more = stream.recv(count - len(data))
        if not more:
            raise ConnectionError('ended inside the PROXY header')
        data += more
    return data


def _values(data):
    while len(data) >= 3:
        kind, length = struct.unpack('!BH', data[:3])
        yield kind, data[3:3 + length]
        data = data[3 + length:]


def _read_v2(stream):
    _, family, length = struct.unpack('!BBH', _exactly(stream, 4))
    body = _exactly(stream, length)
    if family != 0x11:
        return {'version': 2}
    source, destination, source_port, port = struct.unpack('!4s4sHH', body[:12])
    told = {'version': 2, 'source': socket.inet_ntoa(source), 'destination': socket.inet_ntoa(destination),
            'port': port}
    for kind, value in _values(body[12:]):
        if kind == PP2_TYPE_SSL:
            told['tls'] = bool(value[0] & 1)
            told['cn'] = next((text.decode() for sub, text in _values(value[5:])
                               if sub == PP2_SUBTYPE_SSL_CN), None)
    return told


def read_proxy_header(stream):
    """Reads a PROXY header of either version off the socket, byte for byte."""
    head = _exactly(stream, 12)
    if head == SIGNATURE_V2:
        return _read_v2(stream)
    while not head.endswith(b'\r\n'):
        head += _exactly(stream, 1)
    words = head.decode().split()
    return {'version': 1, 'source': words[2], 'destination': words[3], 'port': int(words[5])}


class _Conversation(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True

    def setup(self):
        member = self.server.member
        self.request.settimeout(20)
        self.proxied = read_proxy_header(self.request) if member.proxied else None
        self.tls = None
        if member.context:
            self.request = member.context.wrap_socket(self.request, server_side=True)
            peer = self.request.getpeercert()
            self.tls = {'alpn': self.request.selected_alpn_protocol(),
                        'client': dict(pair[0] for pair in peer['subject'])['commonName'] if peer else None}
        super().setup()

    def do_GET(self):
        member = self.server.member
        if self.headers.get('X-Wait'):
            member.under_way += 1
            time.sleep(float(self.headers['X-Wait']))
            member.under_way -= 1
        if not self.path.startswith('/health'):
            member.served += 1
        text = json.dumps({'member': member.name, 'method': self.command, 'path': self.path,
                           'headers': {key.lower(): value for key, value in self.headers.items()},
                           'proxy': self.proxied, 'tls': self.tls}).encode()
        self.send_response(member.status if self.path.startswith('/health') else 200)
        for key, value in member.headers.items():
            self.send_header(key, value)
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_OPTIONS = do_GET

    def log_message(self, *_):
        """Says nothing: what was asked is in the answer."""


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def handle_error(self, *_):
        """Says nothing: health checks hang up on purpose."""


class Member:
    """One running server; `status` is what its health page answers, `served` how many other requests came."""

    def __init__(self, namespace, name, ip, proxied=False, context=None, headers=None):
        self.name, self.ip, self.proxied, self.context = name, ip, proxied, context
        self.headers = headers or {}
        self.status = 200
        self.served = 0
        self.under_way = 0
        with namespace.inside():
            self._server = _Server((ip, 0), _Conversation)
        self._server.member = self
        self.port = self._server.server_address[1]
        self._namespace, self._ended = namespace, False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        # No polling: every thread that wakes takes time from a busy one.
        while not self._ended:
            self._server.handle_request()

    def end(self):
        """Stops listening; once is enough."""
        if self._ended:
            return
        self._ended = True
        # A last connection wakes the server.
        self._namespace.connect((self.ip, self.port)).close()
        self._thread.join()
        self._server.server_close()
