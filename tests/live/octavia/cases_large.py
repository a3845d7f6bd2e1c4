"""A load balancer whose heartbeat is larger than a datagram: 500 listeners with 5 members each."""

import socket

from octavia.common import constants
from octavia.common import data_models as models

import database
from case import Skipped, case, expect
from cases_health import ERROR, ONLINE, monitor, settings, statuses, watching
from client import Connection, eventually

LISTENERS, MEMBERS, FIRST_PORT = 500, 5, 10000
ADDRESS = '127.1.250.1'
STATISTICS_EVERY = 6
# By its own interval a health manager counts a message as late. Its query joins every listener with every member, which
# takes sqlite seconds.
PATIENT_INTERVAL = 60


def known_to_haproxy(controller, balancer, member):
    """What haproxy itself says of a member, on the socket that the controller's configuration names."""
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect('{}/{}.sock'.format(controller.target['base_path'], balancer.id))
        asked.sendall(b'show stat -1 4 -1\n')
        rows = asked.makefile().read().splitlines()
    names = rows[0].split(',')
    return next(dict(zip(names, row.split(',')))['status'] for row in rows if ',{},'.format(member.id) in row)


def large(controller):
    """The listeners; the members of all are checked, at a port of the load balancer itself."""
    good = [controller.member('member {}'.format(number)) for number in range(MEMBERS)]
    bad = controller.member('bad')
    checked = dict(monitor_address=ADDRESS, monitor_port=FIRST_PORT + LISTENERS - 1)
    listeners = []
    for number in range(LISTENERS):
        members = [controller.record(each, **checked) for each in good]
        kind, delay = constants.HEALTH_MONITOR_TCP, 10
        if number == LISTENERS // 2:
            members = [controller.record(each) for each in (*good[:-1], bad)]
            kind, delay = constants.HEALTH_MONITOR_HTTP, 1
        watch = monitor(controller, kind, delay=delay, timeout=min(delay, 5))
        listeners.append(controller.listener(controller.pool(members, health_monitor=watch), port=FIRST_PORT + number,
                                             connection_limit=20))
    return listeners, bad


@case('large: 500 listeners with 5 members each stay ONLINE, what fails is told at once, statistics within 6 messages',
      large=True)
def crowd(controller):
    if controller.target['name'] == 'peer':
        raise Skipped('the real agent sends nothing that is larger than a datagram')
    listeners, bad = large(controller)
    balancer = controller.serve(*listeners, vip=models.Vip(ip_address=ADDRESS))
    failing = listeners[LISTENERS // 2].default_pool
    with settings(heartbeat_interval=PATIENT_INTERVAL), watching(controller, balancer) as manager:
        manager.until(lambda message: expect(len(message['listeners']), LISTENERS), 60)
        eventually(lambda: expect(known_to_haproxy(controller, balancer, failing.members[-1])[:2], 'UP'))
        before = database.health_of(controller.target['amphora_id'])

        bad.status = 503
        eventually(lambda: expect(known_to_haproxy(controller, balancer, failing.members[-1]), 'DOWN'))
        # The first one may have been composed before.
        manager.receive()
        manager.accept(manager.next())
        expect(database.health_of(controller.target['amphora_id']) > before, True, 'last_update renewed')
        expect(set(statuses('Listener', listeners)), {ONLINE})
        expect(statuses('Member', failing.members), [ONLINE] * (MEMBERS - 1) + [ERROR])

        manager.receive()
        # But for the one that is checked at.
        quiet = listeners[:-1]
        for number in range(len(quiet)):
            with Connection(controller.namespace, (ADDRESS, FIRST_PORT + number)) as user:
                expect(user.get().status, 200)
        # One more: the first may have been composed before.
        for message in [*manager.queued(), *(manager.next() for _ in range(STATISTICS_EVERY + 1))]:
            manager.accept_statistics(message)
        expect([database.statistics_of(listener.id)['totconns'] for listener in quiet], [1] * len(quiet))
