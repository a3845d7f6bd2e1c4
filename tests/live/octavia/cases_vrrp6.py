"""A pair whose VIP is IPv6, and so what its halves tell each other, with an additional one of IPv4."""

from case import case, expect
from client import eventually
from neutron import VipNetwork
from pair import paired
from surroundings import VIP6, VIPS

VIPS6 = VipNetwork(VIP6, VIPS.more[0][1], (VIPS.address, VIPS.subnet))


def the_pair(controller):
    return paired(controller, VIPS6, '2001:db8:1::1{}')


@case('a pair whose VIP is IPv6 serves users by both families, and answers by its own port')
def traffic(controller):
    pair = the_pair(controller)
    pair.serve()
    holder = pair.holder()
    pair.expect_service()
    pair.expect_own_port(holder.namespace, holder.among_members)
    pair.expect_host_route()


@case('a pair whose VIP is IPv6 hands it over when VRRP is stopped, and keeps it when the first half is back')
def takeover(controller):
    pair = the_pair(controller)
    pair.serve()
    holder = pair.holder()
    pair.driver.stop_vrrp_service(pair.balancer([holder.record]))
    eventually(lambda: expect(pair.holder() is pair.other(holder), True, 'the other half has them'))
    pair.expect_service()
    pair.expect_nothing_noticed(lambda: pair.driver.start_vrrp_service(holder.record))
