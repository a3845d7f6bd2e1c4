"""The deployment that an amphora belongs to: the options of octavia.conf, and the agent.conf that follows from them.

Imports little of Octavia, so that an agent.conf costs no driver and no database.
"""

import contextlib
import logging
import os
import warnings

from octavia.amphorae.backends.agent import agent_jinja_cfg
from octavia.common import config
from octavia.common import constants
from oslo_log import log as oslo_log

CONF = config.cfg.CONF
REFS = 'certificates'


def configure(target):
    """Sets the options that a deployment of this amphora would have in octavia.conf."""
    oslo_log.register_options(CONF)
    CONF([], project='octavia', default_config_files=[], default_config_dirs=[])
    certs = target['certs']
    groups = {
        'haproxy_amphora': dict(
            bind_host=target['host'], bind_port=target['port'], base_path=target['base_path'],
            base_cert_dir=target['base_cert_dir'], server_ca=certs + '/ca.pem', client_cert=certs + '/client.pem',
            connection_max_retries=1, connection_retry_interval=1, rest_request_conn_timeout=5,
            rest_request_read_timeout=30),
        'amphora_agent': dict(agent_server_ca=target['agent_server_ca'],
                              agent_server_cert=target['agent_server_cert']),
        'certificates': dict(cert_manager='local_cert_manager',
                             storage_path=os.path.join(target['scratch'], REFS)),
        'health_manager': dict(heartbeat_key=target['heartbeat_key'],
                               heartbeat_interval=target['heartbeat_interval'],
                               controller_ip_port_list=['{}:{}'.format(target.get('controller', '127.0.0.1'),
                                                                     target['udp_port'])]),
        'controller_worker': dict(statistics_drivers=['stats_db']),
        'keepalived_vrrp': dict(vrrp_check_interval=1),
        'database': dict(connection='sqlite://'),
    }
    if 'network_dir' in target:
        groups['amphora_agent']['agent_server_network_dir'] = target['network_dir']
    # Of the real agent haproxy does not start where the hard limit on descriptors is below two a connection.
    if 'default_connection_limit' in target:
        groups['haproxy_amphora']['default_connection_limit'] = target['default_connection_limit']
    for group, options in groups.items():
        for name, value in options.items():
            CONF.set_override(name, value, group=group)
    os.makedirs(CONF.certificates.storage_path, exist_ok=True)
    logging.basicConfig(filename=os.path.join(target['scratch'], 'controller.log'), level=logging.WARNING,
                        force=True)
    # What SQLAlchemy thinks of Octavia's models.
    warnings.simplefilter('ignore')


def render_agent_conf(target):
    """Renders the amphora-agent.conf that a controller injects into this amphora."""
    writer = agent_jinja_cfg.AgentJinjaTemplater()
    # Where the agent listens is not where the driver finds it when its port is forwarded.
    with settings('haproxy_amphora', **target.get('listens', {})):
        return writer.build_agent_config(target['amphora_id'], target.get('topology', constants.TOPOLOGY_SINGLE))


@contextlib.contextmanager
def settings(group, **options):
    """Sets options of a group, and puts the former ones back."""
    former = {name: CONF[group][name] for name in options}
    try:
        for name, value in options.items():
            CONF.set_override(name, value, group=group)
        yield
    finally:
        for name, value in former.items():
            CONF.set_override(name, value, group=group)
