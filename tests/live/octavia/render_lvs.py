"""Renders keepalived configurations of UDP and SCTP listeners with Octavia's own templates, for every feature they have.

Usage: render_lvs.py BASE_PATH; prints {name: text} as JSON. Needs Debian's python3-octavia.
"""

import itertools
import json
import sys

from oslo_config import cfg

from octavia.common import config  # noqa: F401  (registers the options)
from octavia.common import constants
from octavia.common import data_models as models
from octavia_lib.common import constants as lib_constants

ONLINE = constants.ACTIVE
serial = itertools.count(1)


def uuid():
    return '00000000-0000-4000-8000-{:012x}'.format(next(serial))


def member(address, **fields):
    defaults = dict(protocol_port=53, weight=1, enabled=True, provisioning_status=ONLINE)
    return models.Member(id=uuid(), ip_address=address, **{**defaults, **fields})


def members_of(family):
    v4 = [member('10.0.0.10'), member('10.0.0.11', weight=0), member('10.0.0.12', enabled=False),
          member('10.0.0.13', monitor_address='10.1.0.13', monitor_port=9000)]
    v6 = [member('2001:db8::10'), member('2001:db8::11', protocol_port=5353)]
    return {'v4': v4, 'v6': v6, 'mixed': v4 + v6, 'none': []}[family]


def monitor(kind, **fields):
    defaults = dict(delay=5, timeout=4, fall_threshold=3, rise_threshold=2, http_method='GET',
                    url_path='/index.html?a=1&b=~c', expected_codes='200,202-204', enabled=True,
                    provisioning_status=ONLINE)
    return models.HealthMonitor(id=uuid(), type=kind, **{**defaults, **fields})


def render(templater, protocol, family='v4', health=None, persistence=None, limit=-1, enabled=True,
           with_pool=True, pool_enabled=True, algorithm=constants.LB_ALGORITHM_ROUND_ROBIN):
    pool = models.Pool(id=uuid(), protocol=protocol, lb_algorithm=algorithm, enabled=pool_enabled,
                       members=members_of(family), health_monitor=health, session_persistence=persistence,
                       provisioning_status=ONLINE)
    vips = {'v4': ['10.0.0.5'], 'v6': ['2001:db8::5'], 'mixed': ['10.0.0.5', '2001:db8::5', '10.0.0.6'],
            'none': ['10.0.0.5']}[family]
    balancer = models.LoadBalancer(
        id=uuid(), enabled=True, vip=models.Vip(ip_address=vips[0]),
        additional_vips=[models.AdditionalVip(ip_address=ip) for ip in vips[1:]])
    listener = models.Listener(id=uuid(), protocol=protocol, protocol_port=53, connection_limit=limit,
                               enabled=enabled, load_balancer=balancer,
                               default_pool=pool if with_pool else None)
    return templater.build_config(listener)


def everything(templater):
    udp, sctp = constants.PROTOCOL_UDP, lib_constants.PROTOCOL_SCTP
    kinds = {'none': None, 'udp': constants.HEALTH_MONITOR_UDP_CONNECT, 'sctp': lib_constants.HEALTH_MONITOR_SCTP,
             'http': constants.HEALTH_MONITOR_HTTP, 'tcp': constants.HEALTH_MONITOR_TCP}
    for protocol, family, (name, kind) in itertools.product((udp, sctp), ('v4', 'v6', 'mixed', 'none'),
                                                            kinds.items()):
        health = monitor(kind) if kind else None
        yield '{}-{}-{}'.format(protocol.lower(), family, name), render(templater, protocol, family, health)
    for protocol in (udp, sctp):
        word = protocol.lower()
        source = constants.SESSION_PERSISTENCE_SOURCE_IP
        for name, fields in {'default': {}, 'settings': dict(persistence_timeout=33,
                                                            persistence_granularity='255.255.0.0')}.items():
            kept = models.SessionPersistence(type=source, **fields)
            yield word + '-persistence-' + name, render(templater, protocol, persistence=kept)
        for name, algorithm in {'least': constants.LB_ALGORITHM_LEAST_CONNECTIONS,
                                'source': constants.LB_ALGORITHM_SOURCE_IP}.items():
            yield word + '-' + name, render(templater, protocol, algorithm=algorithm)
        yield word + '-limit', render(templater, protocol, limit=98)
        yield word + '-disabled', render(templater, protocol, enabled=False)
        yield word + '-no-pool', render(templater, protocol, with_pool=False)
        yield word + '-pool-disabled', render(templater, protocol, pool_enabled=False)
        yield word + '-post-monitor', render(templater, protocol, health=monitor(
            constants.HEALTH_MONITOR_HTTP, http_method='POST'))
        yield word + '-monitor-disabled', render(templater, protocol, health=monitor(
            constants.HEALTH_MONITOR_TCP, enabled=False))


def main(base_path):
    cfg.CONF.set_override('base_path', base_path, group='haproxy_amphora')
    from octavia.common.jinja.lvs import jinja_cfg
    print(json.dumps(dict(everything(jinja_cfg.LvsJinjaTemplater(base_amp_path=base_path)))))


main(*sys.argv[1:])
