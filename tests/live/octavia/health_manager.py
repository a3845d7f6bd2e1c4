"""The health manager: Octavia's decoding of heartbeats and its two updates, on a socket of ours.

Its own UDPStatusGetter hands messages to processes, which would not share a database in memory.
"""

import contextlib
import gc
import select
import socket
import time

from octavia.amphorae.backends.health_daemon import status_message
from octavia.amphorae.drivers.health import heartbeat_udp
from octavia.common.config import cfg


# Messages may wait while a large one is worked on. Root may have a buffer over the limit of the machine.
SO_RCVBUFFORCE = 33
BUFFER_BYTES = 8 << 20


def _patience():
    """Seconds in which a message must come: some intervals, but time for an agent that is busy."""
    return max(8, 2.5 * cfg.CONF.health_manager.heartbeat_interval)


@contextlib.contextmanager
def _uncollected():
    """Keeps Python's garbage collector away: the health manager's query gives a row for each pair of a listener and a
    member of its load balancer, 1.25 million for 500 with 5 each, and the collector walks all of them again and again."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class HealthManager:
    """Receives what the amphora sends; every message is verified and decoded by Octavia's code."""

    def __init__(self, port):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
        self._socket.bind(('127.0.0.1', port))
        self._updater = heartbeat_udp.UpdateHealthDb()

    def receive(self):
        """Waits for the next message that is sent from now on."""
        self._socket.setblocking(False)
        try:
            while True:
                self._socket.recv(heartbeat_udp.UDP_MAX_SIZE)
        except BlockingIOError:
            self._socket.settimeout(_patience())
        return self.next()

    def queued(self):
        """Gives the messages that have come meanwhile."""
        messages = []
        while select.select([self._socket], [], [], 0)[0]:
            messages.append(self.next())
        return messages

    def next(self):
        """Waits for the next message, those that came meanwhile included."""
        envelope, (address, _) = self._socket.recvfrom(heartbeat_udp.UDP_MAX_SIZE)
        message = status_message.unwrap_envelope(envelope, cfg.CONF.health_manager.heartbeat_key)
        message['recv_time'] = time.time()
        message['from'] = address
        message['bytes'] = len(envelope)
        return message

    def accept(self, message):
        """Does with a message what the health manager does: health, then statistics."""
        # The public one only logs what it could not do.
        with _uncollected():
            self._updater._update_health(message, message['from'])
        self.accept_statistics(message)

    @staticmethod
    def accept_statistics(message):
        """Adds what a message tells. One without statistics fails in a process at whose results nobody looks."""
        try:
            heartbeat_udp.update_stats(message)
        except AttributeError:
            if any('stats' in listener for listener in message['listeners'].values()):
                raise

    def until(self, holds, deadline=30):
        """Accepts messages until one leaves the database as `holds` demands; gives all of them."""
        messages = [self.receive()]
        end = time.monotonic() + deadline
        while True:
            self.accept(messages[-1])
            try:
                holds(messages[-1])
                return messages
            except Exception:
                if time.monotonic() > end:
                    raise
            messages.append(self.next())

    def close(self):
        self._socket.close()
