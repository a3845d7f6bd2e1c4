"""Renders haproxy configurations with Octavia's own templates, as its controller does, for every feature it has.

Usage: render.py BASE_PATH CERT_DIR LOAD_BALANCER_ID; prints {name: text} as JSON. Needs Debian's python3-octavia.
"""

import json
import sys

from octavia.common import config
from octavia.common import constants
from octavia.common import data_models as models
from octavia.common.jinja.haproxy.combined_listeners import jinja_cfg as combined
from octavia.common.jinja.haproxy.split_listeners import jinja_cfg as split
from octavia_lib.common import constants as lib_constants

ONLINE = constants.ACTIVE


class Amphora:
    """One amphora and its directories: what all the rendered configurations share."""

    def __init__(self, base_path, cert_dir, load_balancer_id):
        self.base_path = base_path
        self.cert_dir = cert_dir
        self.id = load_balancer_id
        self.serial = 0

    def uuid(self):
        self.serial += 1
        return '00000000-0000-4000-8000-{:012x}'.format(self.serial)

    def cert(self, name):
        return '{}/{}/{}'.format(self.cert_dir, self.id, name)


def member(amphora, address='10.0.0.10', **fields):
    defaults = dict(protocol_port=80, weight=1, backup=False, enabled=True, provisioning_status=ONLINE,
                    operating_status=ONLINE)
    return models.Member(id=amphora.uuid(), ip_address=address, **{**defaults, **fields})


def monitor(amphora, kind, **fields):
    defaults = dict(delay=30, timeout=31, fall_threshold=3, rise_threshold=2, http_method='GET',
                    url_path='/index.html', expected_codes='200,202-204', enabled=True,
                    provisioning_status=ONLINE)
    return models.HealthMonitor(id=amphora.uuid(), type=kind, **{**defaults, **fields})


def pool(amphora, protocol=constants.PROTOCOL_HTTP, **fields):
    defaults = dict(lb_algorithm=constants.LB_ALGORITHM_ROUND_ROBIN, enabled=True, operating_status=ONLINE,
                    provisioning_status=ONLINE, tls_enabled=False,
                    members=[member(amphora), member(amphora, '2001:db8::11', weight=0),
                             member(amphora, '10.0.0.12', backup=True),
                             member(amphora, '10.0.0.13', enabled=False),
                             member(amphora, '10.0.0.14', monitor_address='10.1.0.14', monitor_port=9000)])
    return models.Pool(id=amphora.uuid(), protocol=protocol, **{**defaults, **fields})


def listener(amphora, protocol=constants.PROTOCOL_HTTP, pools=(), **fields):
    defaults = dict(protocol_port=80, connection_limit=-1, enabled=True, provisioning_status=ONLINE,
                    operating_status=ONLINE, insert_headers={}, l7policies=[], sni_containers=[],
                    allowed_cidrs=[], peer_port=1025, pools=list(pools),
                    default_pool=pools[0] if pools else None)
    return models.Listener(id=amphora.uuid(), protocol=protocol, **{**defaults, **fields})


def tls(amphora, **fields):
    return listener(amphora, constants.PROTOCOL_TERMINATED_HTTPS, [pool(amphora)], protocol_port=443,
                    tls_certificate_id='certificate', sni_containers=[models.SNI(position=1)], **fields)


def rule(amphora, kind, compare=constants.L7RULE_COMPARE_TYPE_EQUAL_TO, value='value', **fields):
    return models.L7Rule(id=amphora.uuid(), type=kind, compare_type=compare, value=value, enabled=True,
                         provisioning_status=ONLINE, **fields)


def policy(amphora, action, rules, **fields):
    return models.L7Policy(id=amphora.uuid(), action=action, l7rules=rules, enabled=True, position=1,
                           provisioning_status=ONLINE, **fields)


def balancer(amphora, listeners, topology=constants.TOPOLOGY_SINGLE, vips=()):
    amphorae = [models.Amphora(id='a1e2b3c4-0000-4000-8000-00000000000{}'.format(index),
                               status=constants.AMPHORA_ALLOCATED, vrrp_ip='10.0.0.{}'.format(index),
                               lb_network_ip='192.0.2.{}'.format(index))
                for index in (1, 2)]
    whole = models.LoadBalancer(id=amphora.id, project_id='0b1c2d3e4f', enabled=True, topology=topology,
                                vip=models.Vip(ip_address='10.0.0.5'), amphorae=amphorae,
                                additional_vips=[models.AdditionalVip(ip_address=ip) for ip in vips])
    for each in listeners:
        each.load_balancer = whole
    whole.listeners = listeners
    return whole


def all_rules(amphora):
    compared = [(constants.L7RULE_COMPARE_TYPE_REGEX, r'^/map(s|\.html) x$'),
                (constants.L7RULE_COMPARE_TYPE_STARTS_WITH, '/etc/passwd'),
                (constants.L7RULE_COMPARE_TYPE_ENDS_WITH, '.file'),
                (constants.L7RULE_COMPARE_TYPE_CONTAINS, 'a b\\c'),
                (constants.L7RULE_COMPARE_TYPE_EQUAL_TO, 'if { -f /x }')]
    keyed = [constants.L7RULE_TYPE_HEADER, constants.L7RULE_TYPE_COOKIE, constants.L7RULE_TYPE_SSL_DN_FIELD]
    rules = []
    for compare, value in compared:
        rules += [rule(amphora, kind, compare, value)
                  for kind in (constants.L7RULE_TYPE_HOST_NAME, constants.L7RULE_TYPE_PATH)]
        rules += [rule(amphora, kind, compare, value, key='STREET', invert=True) for kind in keyed]
    rules += [rule(amphora, constants.L7RULE_TYPE_FILE_TYPE, compare, 'jpg') for compare in
              (constants.L7RULE_COMPARE_TYPE_REGEX, constants.L7RULE_COMPARE_TYPE_EQUAL_TO)]
    rules += [rule(amphora, constants.L7RULE_TYPE_SSL_CONN_HAS_CERT, value='True', invert=True),
              rule(amphora, constants.L7RULE_TYPE_SSL_VERIFY_RESULT, value='1')]
    return rules


def l7_policies(amphora, target):
    url = 'https://www.example.com/map(x)/?a=[b],map(c)'
    return [policy(amphora, constants.L7POLICY_ACTION_REJECT, all_rules(amphora)),
            policy(amphora, constants.L7POLICY_ACTION_REDIRECT_TO_POOL,
                   [rule(amphora, constants.L7RULE_TYPE_PATH)], redirect_pool=target),
            policy(amphora, constants.L7POLICY_ACTION_REDIRECT_TO_URL,
                   [rule(amphora, constants.L7RULE_TYPE_PATH)], redirect_url=url, redirect_http_code=302),
            policy(amphora, constants.L7POLICY_ACTION_REDIRECT_TO_URL,
                   [rule(amphora, constants.L7RULE_TYPE_PATH)], redirect_url=url),
            policy(amphora, constants.L7POLICY_ACTION_REDIRECT_PREFIX,
                   [rule(amphora, constants.L7RULE_TYPE_PATH)], redirect_prefix=url, redirect_http_code=308)]


def persistence(kind, **fields):
    return models.SessionPersistence(type=kind, **fields)


def session_pools(amphora):
    return [pool(amphora, session_persistence=persistence(constants.SESSION_PERSISTENCE_SOURCE_IP)),
            pool(amphora, session_persistence=persistence(constants.SESSION_PERSISTENCE_HTTP_COOKIE)),
            pool(amphora, session_persistence=persistence(constants.SESSION_PERSISTENCE_APP_COOKIE,
                                                          cookie_name='JSESSIONID'))]


def monitor_pools(amphora):
    kinds = [constants.HEALTH_MONITOR_PING, constants.HEALTH_MONITOR_HTTP, constants.HEALTH_MONITOR_HTTPS,
             constants.HEALTH_MONITOR_TCP, constants.HEALTH_MONITOR_TLS_HELLO]
    pools = [pool(amphora, health_monitor=monitor(amphora, kind)) for kind in kinds]
    versions = [dict(http_version=1.0), dict(http_version=1.1, domain_name='www.example.com')]
    return pools + [pool(amphora, health_monitor=monitor(amphora, constants.HEALTH_MONITOR_HTTP, **version))
                    for version in versions]


def algorithm_pools(amphora):
    return [pool(amphora, lb_algorithm=algorithm) for algorithm in
            (constants.LB_ALGORITHM_LEAST_CONNECTIONS, constants.LB_ALGORITHM_SOURCE_IP)]


def tls_pool(amphora, **fields):
    return pool(amphora, tls_enabled=True, tls_ciphers='ECDHE-RSA-AES128-GCM-SHA256',
                tls_versions=[lib_constants.TLS_VERSION_1_2, lib_constants.TLS_VERSION_1_3],
                alpn_protocols=['h2', 'http/1.1'], **fields)


def re_encryption(amphora):
    """Pools that speak TLS to their members, with the files that the driver has uploaded for them."""
    plain = tls_pool(amphora)
    checked = tls_pool(amphora, ca_tls_certificate_id='ca', crl_container_id='crl')
    mutual = tls_pool(amphora, tls_certificate_id='client', ca_tls_certificate_id='ca')
    certs = {checked.id: {'ca_cert': amphora.cert('ca.pem'), 'crl': amphora.cert('crl.pem')},
             mutual.id: {'client_cert': amphora.cert('client.pem'), 'ca_cert': amphora.cert('ca.pem')}}
    return [plain, checked, mutual], certs


HEADERS = {'X-Forwarded-For': 'true', 'X-Forwarded-Port': 'true', 'X-Forwarded-Proto': 'true',
           'X-SSL-Client-Verify': 'true', 'X-SSL-Client-Has-Cert': 'true', 'X-SSL-Client-DN': 'true',
           'X-SSL-Client-CN': 'true', 'X-SSL-Issuer': 'true', 'X-SSL-Client-SHA1': 'true',
           'X-SSL-Client-Not-Before': 'true', 'X-SSL-Client-Not-After': 'true'}

CLIENT_CERTS = {'client-ca': 'client_ca.pem', 'client-crl': 'client_crl.pem'}


def client_authentication(amphora, kind, **fields):
    return tls(amphora, client_ca_tls_certificate_id='client-ca', client_authentication=kind, **fields)


def cases(amphora):
    """Every case: its name, its listeners, what else the load balancer has, and the driver's certificates."""
    encrypted, certs = re_encryption(amphora)
    target = pool(amphora)
    proxied = [pool(amphora, constants.PROTOCOL_PROXY), pool(amphora, lib_constants.PROTOCOL_PROXYV2)]
    return [
        ('http', [listener(amphora, pools=[pool(amphora)])], {}, {}),
        ('tcp', [listener(amphora, constants.PROTOCOL_TCP, [pool(amphora, constants.PROTOCOL_TCP)])], {}, {}),
        ('https', [listener(amphora, constants.PROTOCOL_HTTPS, [pool(amphora, constants.PROTOCOL_HTTPS)])], {}, {}),
        ('no-pool', [listener(amphora)], {}, {}),
        ('disabled', [listener(amphora, pools=[pool(amphora)], enabled=False)], {}, {}),
        ('combined', [listener(amphora, pools=[pool(amphora)]), tls(amphora),
                      listener(amphora, constants.PROTOCOL_TCP, [pool(amphora, constants.PROTOCOL_TCP)],
                               protocol_port=5432)], {}, {}),
        ('terminated-https', [tls(amphora)], {}, {}),
        ('tls-settings', [tls(amphora, tls_ciphers='ECDHE-ECDSA-AES128-GCM-SHA256:!aNULL',
                              tls_versions=[lib_constants.TLS_VERSION_1_2], alpn_protocols=['h2', 'http/1.1'])],
         {}, {}),
        ('client-optional', [client_authentication(amphora, constants.CLIENT_AUTH_OPTIONAL)], {}, CLIENT_CERTS),
        ('client-mandatory', [client_authentication(amphora, constants.CLIENT_AUTH_MANDATORY,
                                                    client_crl_container_id='client-crl',
                                                    insert_headers=HEADERS)], {}, CLIENT_CERTS),
        ('headers', [listener(amphora, pools=[pool(amphora)], insert_headers=HEADERS)], {}, {}),
        ('l7', [listener(amphora, pools=[pool(amphora), target], l7policies=l7_policies(amphora, target))], {}, {}),
        ('persistence', [listener(amphora, pools=session_pools(amphora))], {}, {}),
        ('active-standby', [listener(amphora, pools=session_pools(amphora))],
         dict(topology=constants.TOPOLOGY_ACTIVE_STANDBY), {}),
        ('proxy', [listener(amphora, pools=proxied)], {}, {}),
        ('proxy-tls', [listener(amphora, constants.PROTOCOL_TERMINATED_HTTPS, proxied,
                                tls_certificate_id='certificate')], {}, {}),
        ('re-encryption', [listener(amphora, pools=encrypted)], {}, certs),
        ('monitors', [listener(amphora, pools=monitor_pools(amphora))], {}, {}),
        ('algorithms', [listener(amphora, pools=algorithm_pools(amphora))], {}, {}),
        ('limits', [listener(amphora, pools=[pool(amphora)], connection_limit=7, timeout_client_data=1,
                             timeout_member_connect=2, timeout_member_data=3, timeout_tcp_inspect=4)], {}, {}),
        ('cidrs', [listener(amphora, pools=[pool(amphora)],
                            allowed_cidrs=[models.ListenerCidr(cidr='192.0.2.0/24')])], {}, {}),
        ('additional-vips', [tls(amphora)], dict(vips=['10.0.1.5', '2001:db8::5']), {}),
        ('prometheus', [listener(amphora, lib_constants.PROTOCOL_PROMETHEUS, protocol_port=8088)], {}, {}),
        ('prometheus-tls', [listener(amphora, lib_constants.PROTOCOL_PROMETHEUS, protocol_port=8088,
                                     tls_certificate_id='certificate')], {}, {}),
    ]


def templater(module, amphora, **fields):
    return module.JinjaTemplater(base_amp_path=amphora.base_path, base_crt_dir=amphora.cert_dir, **fields)


def render_combined(amphora, rendered):
    loggings = [('', {}), ('-quiet', dict(connection_logging=False)),
                ('-remote-log', dict(log_http='10.0.0.9:514', log_server='/dev/log'))]
    for suffix, fields in loggings:
        writer = templater(combined, amphora, **fields)
        for name, listeners, more, certs in cases(amphora):
            whole = balancer(amphora, listeners, **more)
            for version in (['1', '5'], ['2', '6']):
                rendered['{}{}-for-{}'.format(name, suffix, '.'.join(version))] = writer.build_config(
                    whole.amphorae[0], listeners, tls_certs=certs, haproxy_versions=version)


def render_split(amphora, rendered):
    """One process for each listener, as for amphorae of the first API: the listener's id is the process's."""
    writer = templater(split, amphora)
    for name, listeners, more, certs in cases(amphora):
        one = listeners[0]
        if one.protocol == lib_constants.PROTOCOL_PROMETHEUS or any(
                each.protocol == lib_constants.PROTOCOL_PROXYV2 for each in one.pools):
            continue
        one.id = amphora.id
        whole = balancer(amphora, [one], **more)
        rendered['split-' + name] = writer.build_config(
            whole.amphorae[0], one, ['2', '6'], client_ca_filename=certs.get('client-ca'),
            client_crl=certs.get('client-crl'), pool_tls_certs=certs)


def main(base_path, cert_dir, load_balancer_id):
    config.cfg.CONF([], project='octavia', default_config_files=[], default_config_dirs=[])
    config.cfg.CONF.set_override('base_cert_dir', cert_dir, group='haproxy_amphora')
    amphora = Amphora(base_path, cert_dir, load_balancer_id)
    rendered = {}
    render_combined(amphora, rendered)
    render_split(amphora, rendered)
    json.dump(rendered, sys.stdout)


if __name__ == '__main__':
    main(*sys.argv[1:])
