"""A pair whose VIP is IPv4, with an additional one of IPv6.

The cases share one pair and one load balancer; the VIPs are where the case before has left them.
"""

import os

from octavia.amphorae.drivers.haproxy import exceptions

from case import case, expect, expect_raises
from client import eventually
from pair import GROUP, paired
from surroundings import VIP, VIP6, VIPS


def the_pair(controller):
    return paired(controller, VIPS, '10.1.0.1{}')


@case('before its first listener no half of a pair takes the VIPs, with it one does')
def first_listener(controller):
    pair = the_pair(controller)
    told = os.path.join(controller.target['base_path'], 'vrrp', 'notify.jsonl')
    eventually(lambda: expect('FAULT' in open(told).read(), True, 'the state of the first half'))
    expect(pair.holders(), [])
    pair.serve()
    expect(pair.holder() in pair.halves, True)


@case('users reach a member through each VIP of a pair, from near and far')
def traffic(controller):
    pair = the_pair(controller)
    pair.serve()
    pair.holder()
    pair.expect_service()


@case('the VIP of a pair is found on the half that has it, and not on the other')
def interface(controller):
    pair = the_pair(controller)
    pair.serve()
    holder = pair.holder()
    for half in pair.halves:
        found = [controller.driver.get_interface_from_ip(half.record, address) for address in (VIP, VIP6, half.own)]
        expect(found, ['eth1'] * 3 if half is holder else [None, None, 'eth1'])


@case('the VIPs of a pair answer by their own port, and by the router of a host route')
def source_routing(controller):
    pair = the_pair(controller)
    pair.serve()
    holder = pair.holder()
    pair.expect_own_port(holder.namespace, holder.among_members)
    pair.expect_host_route()


@case('VRRP stopped on the half that has the VIPs: the other one serves, and keeps them when the first is back')
def takeover(controller):
    pair = the_pair(controller)
    pair.serve()
    holder = pair.holder()
    pair.driver.stop_vrrp_service(pair.balancer([holder.record]))
    eventually(lambda: expect(pair.holder() is pair.other(holder), True, 'the other half has them'))
    pair.expect_service()
    pair.expect_nothing_noticed(lambda: pair.driver.start_vrrp_service(holder.record))


@case('VRRP reloaded with a new configuration on both halves: users notice nothing')
def reload(controller):
    pair = the_pair(controller)
    balancer = pair.serve()

    def job():
        GROUP.advert_int = 2
        pair.upload(balancer)
        pair.driver.reload_vrrp_service(balancer)
    pair.expect_nothing_noticed(job)


@case('listeners updated on both halves of a pair: users notice nothing')
def update(controller):
    pair = the_pair(controller)
    balancer = pair.serve()

    def job():
        balancer.listeners[0].connection_limit = 500
        pair.update(balancer)
    pair.expect_nothing_noticed(job)


@case('a VRRP configuration that keepalived refuses is refused, and the VIPs stay')
def refused_configuration(controller):
    pair = the_pair(controller)
    pair.serve()
    holder = pair.holder()

    def job():
        for text in ('', 'vrrp_instance {', 'nonsense', 'include /etc/keepalived/other.conf'):
            expect_raises(exceptions.InvalidRequest, controller.api.upload_vrrp_config, holder.record, text)
    pair.expect_nothing_noticed(job)
