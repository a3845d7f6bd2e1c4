"""Networks that an amphora's ports lead to: each a switch in a namespace of its own, with hosts on it.

The names of all namespaces begin with that of the agent's own: whoever started the agent removes them with it.
"""

import ipaddress
import socket

from namespace import Namespace, run_ip

ETH_P_ALL = 3


class Wire:
    """One network."""

    def __init__(self, target, name):
        self._home = target['home']
        self._prefix = '{}-{}'.format(target['home'], name)
        self._switch = Namespace(self._prefix)
        run_ip('netns', 'add', self._prefix)
        self._switch.ip('link', 'add', 'br0', 'type', 'bridge')
        self._switch.ip('link', 'set', 'br0', 'up')

    def host(self, name, *addresses):
        """Puts a machine with these addresses on the network; gives its namespace. More addresses may be on its `lo`."""
        machine = Namespace('{}-{}'.format(self._prefix, name))
        run_ip('netns', 'add', machine.name)
        machine.ip('link', 'set', 'lo', 'up')
        self._attach(name, 'eth0', machine.name)
        for address in addresses:
            give(machine, address)
        machine.ip('link', 'set', 'eth0', 'up')
        return machine

    def port(self, name, mac):
        """Attaches a port of the amphora as a hypervisor does: in the agent's namespace, down, under any name."""
        self._attach('to-' + name, name, self._home, 'address', mac)

    def _attach(self, name, far, namespace, *words):
        self._switch.ip('link', 'add', name, 'type', 'veth', 'peer', 'name', far, *words, 'netns', namespace)
        self._switch.ip('link', 'set', name, 'master', 'br0', 'up')


def give(machine, address, device='eth0'):
    """Gives a machine an address, which is its own at once."""
    machine.ip('addr', 'add', address, 'dev', device, *(['nodad'] if ':' in address else []))


class Listener:
    """Hears every IP packet that a machine receives or sends."""

    def __init__(self, machine, device='eth0'):
        with machine.inside():
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        self._pairs = set()
        self._socket.bind((device, 0))
        self._socket.setblocking(False)

    def heard(self):
        """The pairs of source and destination of all that came so far."""
        while True:
            try:
                data = self._socket.recv(2048)
            except BlockingIOError:
                return self._pairs
            cuts = {4: (12, 16, 20), 6: (8, 24, 40)}.get(data[0] >> 4)
            if cuts and len(data) >= cuts[2]:
                self._pairs.add((str(ipaddress.ip_address(data[cuts[0]:cuts[1]])),
                                 str(ipaddress.ip_address(data[cuts[1]:cuts[2]]))))

    def close(self):
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
