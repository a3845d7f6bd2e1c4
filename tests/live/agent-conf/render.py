# Renders agent.conf with Octavia's own template, as a controller does, and reads it back as Octavia's agent does: for
# each case text and values, as JSON on standard output.

import json
import sys
import tempfile

from octavia.amphorae.backends.agent import agent_jinja_cfg
from octavia.common import config
from octavia.common import constants

amphora_id = sys.argv[1]
conf = config.cfg.CONF
config.register_cli_opts()


def render(topology, options):
    conf(args=[], project='octavia', default_config_files=[])
    for name, (group, value) in options.items():
        conf.set_override(name, value, group=group)
    try:
        templater = agent_jinja_cfg.AgentJinjaTemplater()
        return templater.build_agent_config(amphora_id, topology)
    finally:
        for name, (group, _) in options.items():
            conf.clear_override(name, group=group)


def read(text):
    with tempfile.NamedTemporaryFile('w', suffix='.conf') as file:
        file.write(text)
        file.flush()
        conf(args=['--config-file', file.name], project='octavia')
    manager, amphora, agent = conf.health_manager, conf.haproxy_amphora, conf.amphora_agent
    return {
        'debug': conf.debug,
        'use_syslog': conf.use_syslog,
        'syslog_log_facility': conf.syslog_log_facility,
        'base_path': amphora.base_path,
        'base_cert_dir': amphora.base_cert_dir,
        'bind_host': str(amphora.bind_host),
        'bind_port': amphora.bind_port,
        'haproxy_cmd': amphora.haproxy_cmd,
        'controller_ip_port_list': manager.controller_ip_port_list,
        'heartbeat_interval': manager.heartbeat_interval,
        'heartbeat_key': manager.heartbeat_key,
        'agent_server_ca': agent.agent_server_ca,
        'agent_server_cert': agent.agent_server_cert,
        'agent_request_read_timeout': agent.agent_request_read_timeout,
        'amphora_id': agent.amphora_id,
        'amphora_udp_driver': agent.amphora_udp_driver,
        'agent_tls_protocol': agent.agent_tls_protocol,
        'loadbalancer_topology': conf.controller_worker.loadbalancer_topology,
    }


def case(topology, **options):
    text = render(topology, options)
    return {'text': text, 'read': read(text)}


def health(targets, key='insecure', interval=10):
    return {'controller_ip_port_list': ('health_manager', targets),
            'heartbeat_key': ('health_manager', key),
            'heartbeat_interval': ('health_manager', interval)}


single = constants.TOPOLOGY_SINGLE
standby = constants.TOPOLOGY_ACTIVE_STANDBY
print(json.dumps({
    'defaults': case(single),
    'defaults, ACTIVE_STANDBY': case(standby),
    'IPv4 controllers': case(single, **health(['192.0.2.10:5555', '192.0.2.11:5555'])),
    'IPv6 controllers': case(standby, **health(['[2001:db8::10]:5555', '[2001:db8::11]:5556'])),
    'a zone': case(single, **health(['[fe80::1%eth0]:5555'])),
    'both families, ACTIVE_STANDBY': case(
        standby, **health(['192.0.2.10:5555', '[2001:db8::10]:5555'], interval=3)),
    'a key of many characters': case(
        single, **health(['192.0.2.10:5555'], key='q%w;e#r=t:y\'u"<{>}&![x]')),
    'debug, other facilities and timeouts': case(
        single, debug=(None, True),
        user_log_facility=('amphora_agent', 5),
        administrative_log_facility=('amphora_agent', 6),
        agent_request_read_timeout=('amphora_agent', 120),
        **health(['192.0.2.10:5555'])),
    'a network directory, another address and port': case(
        single,
        agent_server_network_dir=('amphora_agent', '/etc/octavia/interfaces'),
        bind_host=('haproxy_amphora', '2001:db8::99'), bind_port=('haproxy_amphora', 9555),
        **health(['[2001:db8::10]:5555'])),
    'other paths': case(
        single, base_path=('haproxy_amphora', '/srv/amphora'),
        base_cert_dir=('haproxy_amphora', '/run/amphora-certs'),
        haproxy_cmd=('haproxy_amphora', '/opt/haproxy/sbin/haproxy')),
    'TLS 1.3': case(single, agent_tls_protocol=('amphora_agent', 'TLSv1.3'),
                    **health(['192.0.2.10:5555'])),
}))
