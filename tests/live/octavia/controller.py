"""Octavia's controller side, unmodified, set up in this process: certificate store, driver, one amphora."""

import contextlib
import itertools
import uuid

from octavia.amphorae.drivers.haproxy import rest_api_driver
from octavia.common import constants
from octavia.common import data_models as models

import authority
from members import Member
from namespace import Namespace
import render


# Where things are when all of them share the amphora's namespace. An amphora that is another machine brings its own.
ADDRESSES = {'member': '127.0.0.1', 'other_member': '127.3.3.3', 'vip': '127.1.{}.1', 'additional_vip': '127.1.0.77',
             'user': '127.9.9.9', 'vrrp': '127.1.200.1', 'other_vrrp': '127.1.200.2'}


class Controller:
    """The driver, and what a case needs around it; everything made by a case is gone after it."""

    def __init__(self, target):
        self.target = target
        self.addresses = {**ADDRESSES, **target.get('addresses', {})}
        self.namespace = Namespace(target['namespace'])
        self.scratch = target['scratch']
        self.driver = rest_api_driver.HaproxyAmphoraLoadBalancerDriver()
        self.authority = authority.Authority('users trust this')
        self._serials = itertools.count(1)
        self.figures = []
        self.keep()

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

    def member(self, name, at=None, **fields):
        """Starts a member's server, in the amphora's namespace or on another machine."""
        fields.setdefault('ip', self.addresses['member'])
        member = Member(at or self.namespace, name, **fields)
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
        vip = self.addresses['vip'].format(serial)
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

    def keep(self):
        """Has what was made so far outlive the case."""
        self._balancers, self._members = [], []

    def clean(self):
        """Removes what a case has left."""
        for balancer in self._balancers:
            with contextlib.suppress(Exception):
                self.api.delete_listener(self.known_amphora(), balancer.id)
        for member in self._members:
            member.end()
        self.keep()
        self.figures = []
