"""Ports: what a controller has plugged, and what users of the load balancer get of it, with real packets.

An amphora is plugged once in its life, so the cases share one: a VIP with an additional one, and a port to the members.
"""

import functools
import threading

from octavia.amphorae.driver_exceptions import exceptions as driver_exceptions
from octavia.amphorae.drivers.haproxy import exceptions
from octavia.common import config

from case import case, expect, expect_raises, Skipped
from neutron import port, subnet
from surroundings import (asked, BEHIND, FAR, FAR6, MEMBERS, NEIGHBOUR, PORT, refused, ROUTER, ROUTER6, Surroundings,
                          VIP, VIP6, VIPS)
from wires import give

OWN = '10.1.0.9'
VIP_MAC, MEMBER_MAC = '02:00:00:00:00:01', '02:00:00:00:00:02'


class Plugged(Surroundings):
    """The amphora with its ports, and what is around it."""

    def __init__(self, controller):
        super().__init__(controller)
        self.wire.port('tap-vip', VIP_MAC)
        self.members.port('tap-member', MEMBER_MAC)
        self.vip_port = port(controller, VIP_MAC, 1450)
        self.member_port = port(controller, MEMBER_MAC, 1400, ('10.2.0.9', MEMBERS))
        self.plug_vip()
        self.plug_members()

    @property
    def amphora(self):
        return self.controller.known_amphora(vrrp_ip=OWN, ha_ip=VIP, vrrp_port_id=self.vip_port.id)

    def plug_vip(self):
        amphora = self.amphora
        configurations = {amphora.id: VIPS.configuration(amphora, self.vip_port)}
        balancer = self.controller.balancer(amphora=amphora, **VIPS.records())
        self.controller.driver.post_vip_plug(amphora, balancer, configurations)

    def plug_members(self):
        self.controller.driver.post_network_plug(self.amphora, self.member_port, None)

    def serve(self):
        """A load balancer on the VIPs with one member."""
        listener = self.controller.listener(self.pool(), port=PORT)
        return self.controller.serve(listener, amphora=self.amphora, **VIPS.records())

    def state(self):
        """All that the amphora's namespace has of its ports, but for numbers and lifetimes."""
        inside = self.controller.namespace
        return [inside.ip('-br', 'addr', 'show', 'dev', name) for name in ('eth1', 'eth2')] + [
            sorted(inside.ip(family, 'route', 'show', 'table', table).split('\n'))
            for family in ('-4', '-6') for table in ('main', '1')] + [
            inside.ip(family, 'rule', 'show') for family in ('-4', '-6')]


@functools.lru_cache(maxsize=1)
def plugged(controller):
    """The amphora, plugged by the first case that needs it."""
    if not controller.target.get('home'):
        raise Skipped('the agent shares its namespace with the machine, whose ports are not ours')
    return Plugged(controller)


@case('a VIP and a network are plugged: users reach a member through each VIP, from near and far')
def traffic(controller):
    world = plugged(controller)
    world.serve()
    world.expect_service()


@case('plugged ports are found by their addresses and show in details')
def shown(controller):
    world = plugged(controller)
    found = {address: controller.driver.get_interface_from_ip(world.amphora, address)
             for address in (VIP, VIP6, OWN, '10.2.0.9', '10.2.0.1')}
    expect(found, {VIP: 'eth1', VIP6: 'eth1', OWN: 'eth1', '10.2.0.9': 'eth2', '10.2.0.1': None})
    expect(sorted(controller.api.get_details(world.amphora)['networks']), ['eth1', 'eth2'])


@case('ports have the MTU of their networks')
def mtu(controller):
    plugged(controller)
    for name, wanted in (('eth1', '1450'), ('eth2', '1400')):
        expect('mtu {} '.format(wanted) in controller.namespace.ip('link', 'show', name), True, name)


@case('a driver that plugs once more is content, and nothing changes')
def again(controller):
    world = plugged(controller)
    before = world.state()
    world.plug_vip()
    world.plug_members()
    expect(world.state(), before)


@case('a VIP answers by its own port although the main default route leads elsewhere')
def source_routing(controller):
    world = plugged(controller)
    if controller.target['name'] == 'peer' and 'lookup 1' not in controller.namespace.ip('rule', 'show'):
        # Seen: it fills the table and adds no rule, and says nothing of it.
        raise Skipped('the real agent, with the pyroute2 of this machine, sets no rules')
    world.serve()
    world.expect_own_port(controller.namespace, '10.2.0.9')


@case('a VIP answers by the router that a host route of its subnet names')
def host_routes(controller):
    world = plugged(controller)
    world.serve()
    world.expect_host_route()


def put_rules(controller, world, *rules, address=VIP):
    """What the driver of younger controllers does when allowed sources change."""
    body = [dict(zip(('protocol', 'cidr', 'port'), rule)) for rule in rules]
    answer = controller.api.put(world.amphora, 'interface/{}/rules'.format(address), json=body, retry_404=False)
    exceptions.check_exception(answer)


@case('interface rules admit and refuse from the first call on')
def rules(controller):
    world = plugged(controller)
    world.serve()
    if controller.target['name'] == 'peer':
        raise Skipped('this version of the real agent has no interface rules')
    put_rules(controller, world, ('TCP', BEHIND + '/32', PORT))
    refused(world.router, VIP, FAR)
    expect(asked(world.neighbour, VIP, BEHIND), 'one')
    put_rules(controller, world, ('TCP', FAR + '/32', PORT), ('TCP', '2001:db8:f::/64', PORT))
    expect(asked(world.router, VIP, FAR), 'one')
    expect(asked(world.router, VIP6, FAR6), 'one')
    refused(world.router, VIP6)
    refused(world.neighbour, VIP, BEHIND)
    put_rules(controller, world, ('TCP', None, 81), ('vrrp', None, 112))
    refused(world.router, VIP)
    put_rules(controller, world)
    refused(world.router, VIP)
    expect_raises(exceptions.InvalidRequest, put_rules, controller, world, ('tcp', None, PORT))
    expect_raises(exceptions.NotFound, functools.partial(put_rules, controller, world, address='10.1.0.77'))
    put_rules(controller, world, ('TCP', None, PORT))
    expect([asked(world.router, address) for address in (VIP, VIP6)], ['one', 'one'])


@case('a member subnet on the port of the VIP: members there are reached, the VIPs stay')
def shared_port(controller):
    world = plugged(controller)
    give(world.router, '10.7.0.1/24')
    shared = port(controller, VIP_MAC, 1450, ('10.7.0.9', subnet('10.7.0.0/24')))
    shared.id = world.vip_port.id
    amphora = world.amphora
    controller.driver.post_network_plug(amphora, shared, VIPS.configuration(amphora, world.vip_port))
    member = controller.member('on the network of the VIP', at=world.router, ip='10.7.0.1')
    balancer = controller.serve(controller.listener(controller.pool([member]), port=PORT), amphora=amphora,
                                **{**VIPS.records(), 'additional_vips': []})
    expect(asked(world.router, VIP, FAR), member.name)
    # This version of the driver tells no additional VIPs, younger ones do: so they come back.
    told = dict(vip=VIP, subnet_cidr='10.1.0.0/24', gateway=ROUTER, mac_address=VIP_MAC, vrrp_ip=OWN, mtu=1450,
                host_routes=[{'destination': '198.51.100.0/24', 'nexthop': NEIGHBOUR}],
                additional_vips=[dict(ip_address=VIP6, subnet_cidr='2001:db8:1::/64', gateway=ROUTER6,
                                      host_routes=[])])
    fixed = dict(ip_address='10.7.0.9', subnet_cidr='10.7.0.0/24', gateway=None, host_routes=[])
    controller.api.plug_network(amphora, dict(mac_address=VIP_MAC, fixed_ips=[fixed], mtu=1450, vip_net_info=told))
    balancer.additional_vips = VIPS.records()['additional_vips']
    controller.update(balancer)
    expect(asked(world.router, VIP6, FAR6), member.name)


@case('a port that is not there is asked for again, and plugged once it is')
def late(controller):
    world = plugged(controller)
    amphora = world.amphora
    absent = port(controller, '02:00:00:00:00:77', 1400, ('10.3.0.9', subnet('10.3.0.0/24')))
    expect_raises(driver_exceptions.TimeOutException, controller.driver.post_network_plug, amphora, absent, None)
    group = config.cfg.CONF.haproxy_amphora
    before = group.connection_max_retries
    config.cfg.CONF.set_override('connection_max_retries', 20, group='haproxy_amphora')
    attached = threading.Timer(1.5, world.members.port, ('tap-late', absent.mac_address))
    attached.start()
    try:
        controller.driver.post_network_plug(amphora, absent, None)
    finally:
        attached.join()
        config.cfg.CONF.set_override('connection_max_retries', before, group='haproxy_amphora')
    expect(controller.driver.get_interface_from_ip(amphora, '10.3.0.9'), 'eth3')


@case('requests to plug that make no sense are refused, and nothing changes')
def nonsense(controller):
    world = plugged(controller)
    before = world.state()
    amphora = world.amphora
    good = dict(subnet_cidr='10.1.0.0/24', gateway=ROUTER, mac_address='02:00:00:00:00:88', vrrp_ip=OWN)
    for address, more in (('300.1.0.5', {}), (VIP, {'subnet_cidr': '10.1.0.0/99'}), (VIP, {'vrrp_ip': 'x'})):
        expect_raises(exceptions.InvalidRequest, controller.api.plug_vip, amphora, address, {**good, **more})
    expect_raises(exceptions.InvalidRequest, controller.api.plug_vip, amphora, VIP, {'mac_address': VIP_MAC})
    expect_raises(exceptions.InvalidRequest, controller.api.plug_network, amphora, {})
    expect_raises(exceptions.InvalidRequest, controller.api.plug_network, amphora, {
        'mac_address': MEMBER_MAC, 'fixed_ips': [{'ip_address': '10.2.0.900', 'subnet_cidr': '10.2.0.0/24'}]})
    expect(world.state(), before)
