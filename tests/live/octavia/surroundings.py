"""What is around an amphora, or a pair: the network of its VIPs and that of its members, with the machines on them."""

import socket

from case import expect, expect_raises
from client import Connection, eventually
from neutron import subnet, VipNetwork
from wires import give, Listener, Wire

VIP, VIP6 = '10.1.0.5', '2001:db8:1::5'
ROUTER, ROUTER6, NEIGHBOUR = '10.1.0.1', '2001:db8:1::1', '10.1.0.254'
# Users who are not on the network of the VIPs: behind its gateway, and behind another router.
FAR, FAR6, BEHIND = '203.0.113.7', '2001:db8:f::7', '198.51.100.7'
MEMBER, MEMBER6 = '10.2.0.1', '2001:db8:2::1'
PORT = 80
VIPS = VipNetwork(VIP, subnet('10.1.0.0/24', ROUTER, {'198.51.100.0/24': NEIGHBOUR}),
                  (VIP6, subnet('2001:db8:1::/64', ROUTER6)))
MEMBERS = subnet('10.2.0.0/24', MEMBER)


class Surroundings:
    """The networks, `wire` for VIPs and `members`; the machines `router`, `neighbour` and `member`."""

    def __init__(self, controller):
        self.controller = controller
        self.wire = Wire(controller.target, 'v')
        self.members = Wire(controller.target, 'm')
        self.router = self.wire.host('router', ROUTER + '/24', ROUTER6 + '/64')
        self.neighbour = self.wire.host('neighbour', NEIGHBOUR + '/24')
        self.member = self.members.host('one', MEMBER + '/24', MEMBER6 + '/64')
        give(self.router, FAR + '/32', 'lo')
        give(self.router, FAR6 + '/128', 'lo')
        give(self.neighbour, BEHIND + '/32', 'lo')

    def pool(self):
        """A pool of one member."""
        return self.controller.pool([self.controller.member('one', at=self.member, ip=MEMBER)])

    def expect_service(self):
        """Users near and far, and behind the other router, reach the member through each VIP."""
        for machine, address, source in ((self.router, VIP, None), (self.router, VIP, FAR), (self.router, VIP6, None),
                                         (self.router, VIP6, FAR6), (self.neighbour, VIP, BEHIND)):
            expect(asked(machine, address, source), 'one', '{} from {}'.format(address, source))

    def expect_own_port(self, inside, own):
        """Each VIP answers by its port also when all else goes to the members, where the amphora is `own`."""
        turn_default(inside, 'eth2', MEMBER, MEMBER6)
        try:
            with Listener(self.router) as near, Listener(self.member) as far:
                for address, source in ((VIP, FAR), (VIP6, FAR6)):
                    expect(asked(self.router, address, source), 'one')
                with inside.inside():
                    other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                with other:
                    other.sendto(b'by the main table', (FAR, 9))
                eventually(lambda: expect((own, FAR) in far.heard(), True, 'what does not come of a VIP'))
                expect({(VIP, FAR), (VIP6, FAR6)} - near.heard(), set(), 'answers of VIPs that did not come')
                expect({source for source, _ in far.heard()} & {VIP, VIP6}, set(), 'answers of VIPs elsewhere')
        finally:
            turn_default(inside, 'eth1', ROUTER, ROUTER6)

    def expect_host_route(self):
        """A VIP answers those behind the other router by that router."""
        with Listener(self.neighbour) as by_neighbour, Listener(self.router) as by_gateway:
            expect(asked(self.neighbour, VIP, BEHIND), 'one')
            expect((VIP, BEHIND) in by_neighbour.heard(), True, 'by the neighbour')
            expect((VIP, BEHIND) in by_gateway.heard(), False, 'by the gateway')


def turn_default(inside, device, *gateways):
    """Turns the default routes of the main table, of both families."""
    for family, gateway in zip(('-4', '-6'), gateways):
        inside.ip(family, 'route', 'replace', 'default', 'via', gateway, 'dev', device, 'onlink')


def asked(machine, address, source=None, timeout=5):
    """Asks the load balancer; who answered."""
    with Connection(machine, (address, PORT), source=source, timeout=timeout) as user:
        return user.get().told['member']


def refused(machine, address, source=None):
    """Nothing comes back, not even a refusal."""
    expect_raises((socket.timeout, TimeoutError), asked, machine, address, source, 1)
