"""Octavia's controller side, unmodified, set up in this process: options, certificate store, driver, one amphora."""

import contextlib
import itertools
import logging
import os
import uuid
import warnings

from octavia.amphorae.backends.agent import agent_jinja_cfg
from octavia.amphorae.drivers.haproxy import rest_api_driver
from octavia.common import config
from octavia.common import constants
from octavia.common import data_models as models
from oslo_log import log as oslo_log

import authority
from members import Member
from namespace import Namespace
import render

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
                               controller_ip_port_list=['127.0.0.1:{}'.format(target['udp_port'])]),
        'controller_worker': dict(statistics_drivers=['stats_db']),
        'database': dict(connection='sqlite://'),
    }
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
    return writer.build_agent_config(target['amphora_id'], constants.TOPOLOGY_SINGLE)


class Controller:
    """The driver, and what a case needs around it; everything made by a case is gone after it."""

    def __init__(self, target):
        self.target = target
        self.namespace = Namespace(target['namespace'])
        self.scratch = target['scratch']
        self.driver = rest_api_driver.HaproxyAmphoraLoadBalancerDriver()
        self.authority = authority.Authority('users trust this')
        self._serials = itertools.count(1)
        self._balancers = []
        self._members = []

    @property
    def api(self):
        """The real client of the 1.0 dialect."""
        return self.driver.clients['1.0']

    def uuid(self):
        return str(uuid.uuid4())

    def amphora(self, **fields):
        """A new record of the amphora, as a controller loads it for each job."""
        values = dict(id=self.target['amphora_id'], lb_network_ip=self.target['host'], compute_id=self.uuid(),
                      status=constants.AMPHORA_ALLOCATED, role=constants.ROLE_STANDALONE, vrrp_ip='127.0.0.1')
        return models.Amphora(**{**values, **fields})

    def known_amphora(self, **fields):
        """The same, after version discovery."""
        amphora = self.amphora(**fields)
        self.driver._populate_amphora_api_version(amphora)
        return amphora

    def store(self, leaf):
        """Puts a certificate with its key into the certificate store; returns its reference."""
        return self.driver.cert_manager.store_cert(None, leaf.certificate, leaf.key)

    def store_text(self, text):
        """Puts a secret without a key (an authority, a revocation list) into the store; returns its reference."""
        return self.driver.cert_manager.store_cert(None, text, '')

    def member(self, name, **fields):
        """Starts a member's server."""
        member = Member(self.namespace, name, **fields)
        self._members.append(member)
        return member

    def pool(self, members, protocol=constants.PROTOCOL_HTTP, **fields):
        """A pool of running servers; a member may also be a record made with `record`."""
        records = [self.record(each) if isinstance(each, Member) else each for each in members]
        return render.pool(self, protocol, members=records, **fields)

    def record(self, server, **fields):
        """The controller's record of a running server."""
        return render.member(self, server.ip, protocol_port=server.port, **fields)

    def listener(self, *pools, protocol=constants.PROTOCOL_HTTP, port=8080, **fields):
        return render.listener(self, protocol, pools, protocol_port=port, **fields)

    def balancer(self, *listeners, amphora=None, more_amphorae=(), **fields):
        """A load balancer with an address of its own, known to the controller only."""
        serial = next(self._serials)
        amphora = amphora or self.amphora()
        vip = '127.1.{}.1'.format(serial)
        values = dict(id=self.uuid(), project_id=self.uuid().replace('-', ''), enabled=True,
                      topology=constants.TOPOLOGY_SINGLE, vip=models.Vip(ip_address=vip), additional_vips=[],
                      provisioning_status=constants.ACTIVE, operating_status=constants.ONLINE,
                      amphorae=[amphora, *more_amphorae], listeners=list(listeners))
        balancer = models.LoadBalancer(**{**values, **fields})
        for listener in listeners:
            listener.load_balancer = balancer
        self._balancers.append(balancer)
        return balancer

    def serve(self, *listeners, **fields):
        """Makes a load balancer and has the driver bring it to the amphora."""
        balancer = self.balancer(*listeners, **fields)
        self.driver.update_amphora_listeners(balancer, balancer.amphorae[0])
        return balancer

    def update(self, balancer):
        self.driver.update_amphora_listeners(balancer, balancer.amphorae[0])

    def stored(self, balancer):
        """The configuration that the amphora has for a load balancer."""
        amphora = self.known_amphora()
        path = 'loadbalancer/{}/haproxy'.format(balancer.id)
        return self.api.get(amphora, path).text

    def clean(self):
        """Removes what a case has left."""
        for balancer in self._balancers:
            with contextlib.suppress(Exception):
                self.api.delete_listener(self.known_amphora(), balancer.id)
        for member in self._members:
            member.end()
        self._balancers, self._members = [], []
