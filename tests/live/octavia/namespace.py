"""Sockets in a network namespace: a socket stays where it was made, so only its making needs the namespace.

setns(2) moves one thread; Python 3.11 has no os.setns, so the C library's is called.
"""

import contextlib
import ctypes
import os
import socket
import subprocess

CLONE_NEWNET = 0x40000000


def _enter(descriptor):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), 'setns')


def move_into(name):
    """Moves this thread, and with it all that it starts from now on, into a namespace."""
    there = os.open('/run/netns/{}'.format(name), os.O_RDONLY)
    _enter(there)
    os.close(there)


def run_ip(*words):
    """Runs ip(8) and gives what it prints."""
    done = subprocess.run(['ip', *words], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError('ip {}: {}'.format(' '.join(words), done.stderr.strip()))
    return done.stdout


class Namespace:
    """The place where haproxy listens and members answer: a named network namespace, or none for the host's own."""

    def __init__(self, name):
        self.name = name

    @contextlib.contextmanager
    def inside(self):
        """Runs the block with this thread in the namespace."""
        if not self.name:
            yield
            return
        home = os.open('/proc/thread-self/ns/net', os.O_RDONLY)
        there = os.open('/run/netns/{}'.format(self.name), os.O_RDONLY)
        try:
            _enter(there)
            yield
        finally:
            _enter(home)
            os.close(there)
            os.close(home)

    def connect(self, address, source=None, timeout=10):
        """Opens a TCP connection from the namespace."""
        with self.inside():
            return socket.create_connection(address, timeout, (source, 0) if source else None)

    def argv(self, *words):
        """What runs a program in the namespace."""
        return ['ip', 'netns', 'exec', self.name, *words] if self.name else list(words)

    def ip(self, *words):
        """Runs ip(8) in the namespace and gives what it prints."""
        return run_ip('-n', self.name, *words)
