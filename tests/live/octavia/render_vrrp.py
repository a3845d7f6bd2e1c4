"""Renders keepalived configurations of ACTIVE_STANDBY load balancers with Octavia's own template, for every feature it has.

Usage: render_vrrp.py BASE_PATH INTERFACE; prints {name: text} as JSON. Needs Debian's python3-octavia.
"""

import itertools
import json
import sys

from oslo_config import cfg

from octavia.amphorae.drivers.keepalived.jinja import jinja_cfg
from octavia.common import config  # noqa: F401  (registers the options)
from octavia.common import constants
from octavia.common import data_models as models

SUBNETS = {
    4: ('10.0.0.5', '10.0.0.0/24', '10.0.0.1', '192.168.7.0/24', '10.0.0.9'),
    6: ('2001:db8::5', '2001:db8::/64', '2001:db8::1', '2001:db8:7::/48', '2001:db8::9'),
}


def vip_data(family, routes, gateway, ip=None):
    address, cidr, router, destination, nexthop = SUBNETS[family]
    return {'ip_address': ip or address,
            'subnet': {'cidr': cidr, 'gateway_ip': router if gateway else None,
                       'host_routes': [{'destination': destination, 'nexthop': nexthop}] if routes else []}}


def render(interface, role, family, extra, routes, gateway, peers):
    vip = vip_data(family, routes, gateway)
    own, other = ('10.0.0.11', '10.0.0.12') if family == 4 else ('2001:db8::11', '2001:db8::12')
    group = models.VRRPGroup(vrrp_group_name='a0b1c2d3e4f5', vrrp_auth_type='PASS', vrrp_auth_pass='7de12f9',
                             advert_int=1)
    amphorae = [models.Amphora(id='a', status=constants.AMPHORA_ALLOCATED, vrrp_ip=own, vrrp_interface=interface,
                               vrrp_id=1, vrrp_priority=100 if role == 'MASTER' else 90, role=role)]
    if peers:
        amphorae.append(models.Amphora(id='b', status=constants.AMPHORA_ALLOCATED, vrrp_ip=other))
    balancer = models.LoadBalancer(id='lb', amphorae=amphorae, vrrp_group=group,
                                   vip=models.Vip(ip_address=vip['ip_address']))
    additional = {'alone': [], 'same': [vip_data(family, routes, gateway, '10.0.0.6' if family == 4 else
                                                 '2001:db8::6')],
                  'other': [vip_data(10 - family, routes, gateway)]}[extra]
    network = {'vip_subnet': vip['subnet'], 'additional_vip_data': additional}
    return jinja_cfg.KeepalivedJinjaTemplater().build_keepalived_config(balancer, amphorae[0], network)


def main():
    base, interface = sys.argv[1:]
    cfg.CONF([], project='octavia')
    cfg.CONF.set_override('base_path', base, group='haproxy_amphora')
    result = {}
    for choice in itertools.product(('MASTER', 'BACKUP'), (4, 6), ('alone', 'same', 'other'), (False, True),
                                    (False, True), (False, True)):
        role, family, extra, routes, gateway, peers = choice
        name = '{} v{} {}{}{}{}'.format(role, family, extra, ' routes' if routes else '',
                                        ' gateway' if gateway else '', ' peer' if peers else '')
        result[name] = render(interface, role, family, extra, routes, gateway, peers)
    json.dump(result, sys.stdout)


main()
