"""An active-standby pair, made as the controller makes it: both amphorae here, with Octavia's own keepalived template."""

import functools
import threading

from octavia.common import constants
from octavia.common import data_models as models

from case import expect, Skipped
from client import eventually
from namespace import Namespace
from neutron import port
from surroundings import asked, MEMBERS, PORT, Surroundings, VIP, VIP6

GROUP = models.VRRPGroup(vrrp_group_name='a0b1c2d3e4f5', vrrp_auth_type='PASS', vrrp_auth_pass='7de12f9', advert_int=1)


class Half:
    """One amphora of the pair: its namespace, its ports, and the controller's record of it."""

    def __init__(self, pair, serial, namespace, **fields):
        macs = ['02:00:00:00:0{}:0{}'.format(serial, number) for number in (1, 2)]
        self.own, self.among_members = pair.own.format(serial), '10.2.0.1{}'.format(serial)
        self.namespace = Namespace(namespace)
        pair.wire.port('tap-vip{}'.format(serial), macs[0])
        pair.members.port('tap-member{}'.format(serial), macs[1])
        self.vip_port = port(pair.controller, macs[0], 1450)
        self.member_port = port(pair.controller, macs[1], 1450, (self.among_members, MEMBERS))
        self.record = pair.controller.amphora(vrrp_ip=self.own, ha_ip=pair.vips.address, vrrp_id=1, vrrp_port_id=self.vip_port.id,
                                              **fields)

    def has_vips(self):
        """Whether it has both VIPs; no half keeps one without the other."""
        addresses = self.namespace.ip('-o', 'addr', 'show', 'dev', 'eth1')
        here = [' {}/'.format(address) in addresses for address in (VIP, VIP6)]
        expect(here[0], here[1], 'one VIP without the other')
        return here[0]


class Pair(Surroundings):
    """The pair, plugged and told of each other, and what is around it; `own` has the form of their own addresses."""

    def __init__(self, controller, vips, own):
        super().__init__(controller)
        self.vips, self.own = vips, own
        target, partner = controller.target, controller.target['partner']
        self.driver = controller.driver
        self.halves = [
            Half(self, 1, target['namespace'], role=constants.ROLE_MASTER, vrrp_priority=100),
            Half(self, 2, partner['namespace'], role=constants.ROLE_BACKUP, vrrp_priority=90,
                 id=partner['amphora_id'], lb_network_ip=partner['host'])]
        self.records = [half.record for half in self.halves]
        balancer = self.balancer(self.records)
        # In the order of the controller's tasks.
        for half in self.halves:
            self.driver.post_vip_plug(half.record, balancer, self.configurations())
            self.driver.post_network_plug(half.record, half.member_port, None)
        for record in self.records:
            record.vrrp_interface = self.driver.get_interface_from_ip(record, record.vrrp_ip)
        self.upload(balancer)
        for record in self.records:
            self.driver.start_vrrp_service(record)

    def configurations(self):
        return {half.record.id: self.vips.configuration(half.record, half.vip_port) for half in self.halves}

    def upload(self, balancer):
        """Brings keepalived's configuration to both halves; the network's part is plain data, as between tasks."""
        plain = {key: value.to_dict(recurse=True) for key, value in self.configurations().items()}
        for record in self.records:
            self.driver.update_vrrp_conf(balancer, plain, record)

    def balancer(self, records, *listeners):
        """The load balancer, as far as it is on these amphorae."""
        first, *more = records
        return self.controller.balancer(*listeners, amphora=first, more_amphorae=more, vrrp_group=GROUP,
                                        topology=constants.TOPOLOGY_ACTIVE_STANDBY, **self.vips.records())

    @functools.lru_cache(maxsize=1)
    def serve(self):
        """Brings a listener with one member to both halves."""
        balancer = self.balancer(self.records, self.controller.listener(self.pool(), port=PORT))
        self.update(balancer)
        self.controller.keep()
        return balancer

    def update(self, balancer):
        for record in self.records:
            self.driver.update_amphora_listeners(balancer, record)

    def holders(self):
        return [half for half in self.halves if half.has_vips()]

    def holder(self):
        """Waits until exactly one half has the VIPs, and gives it."""
        eventually(lambda: expect(len(self.holders()), 1, 'halves that have the VIPs'))
        return self.holders()[0]

    def other(self, half):
        return next(each for each in self.halves if each is not half)

    def expect_nothing_noticed(self, job):
        """Users ask all the time while the job is done; each is answered, and the VIPs stay where they are."""
        before, answers, ended = self.holder(), [], threading.Event()

        def keep_asking():
            while not ended.wait(0.05):
                try:
                    answers.append(asked(self.router, VIP, timeout=2))
                except OSError as thrown:
                    answers.append(thrown)
        asking = threading.Thread(target=keep_asking)
        asking.start()
        try:
            job()
            count = len(answers)
            eventually(lambda: expect(len(answers) > count + 20, True, 'more answers'))
        finally:
            ended.set()
            asking.join()
        expect([each for each in answers if each != 'one'], [])
        expect([half.own for half in self.holders()], [before.own])


@functools.lru_cache(maxsize=1)
def paired(controller, vips, own):
    """The pair, made by the first case that needs it."""
    if not controller.target.get('partner'):
        raise Skipped('one agent alone makes no pair')
    return Pair(controller, vips, own)
