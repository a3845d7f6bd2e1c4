"""A load balancer whose heartbeat is larger than a datagram: 500 listeners with 5 members each."""

import contextlib
import datetime
import os
import socket

from octavia.common import constants
from octavia.common import data_models as models

import database
import deployment
from case import Skipped, case, expect
from cases_health import DEGRADED, ERROR, ONLINE, bring_settings, monitor, statuses, watching
from client import Connection, eventually

LISTENERS, MEMBERS, FIRST_PORT = 500, 5, 10000
ADDRESS = '127.1.250.1'
STATISTICS_WITHIN = 6
# What octavia.conf has when nobody sets it. A message whose load balancer is not read from the database within it is late:
# the amphora is not renewed.
INTERVAL = 10


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
        # Members share this process with a busy health manager: they may answer late.
        watch = monitor(controller, kind, delay=delay, timeout=5)
        listeners.append(controller.listener(controller.pool(members, health_monitor=watch), port=FIRST_PORT + number,
                                             connection_limit=20))
    return listeners, bad


def accept(controller, manager, message):
    """Has the health manager accept a message, which must renew the amphora; notes what it was like."""
    amphora_id = controller.target['amphora_id']
    before = database.health_of(amphora_id)
    manager.accept(message)
    renewed = database.health_of(amphora_id)
    figures = {'seq': message['seq'], 'bytes': message['bytes'], 'listeners': len(message['listeners']),
               'pools': len(message['pools']),
               'statistics': all('stats' in each for each in message['listeners'].values())}
    controller.figures.append(figures)
    expect(renewed > before, True, 'last_update renewed')
    taken = renewed.replace(tzinfo=datetime.timezone.utc).timestamp() - message['recv_time']
    figures['seconds until last_update'] = round(taken, 2)


@contextlib.contextmanager
def first_in_line():
    """Gives this thread, and those that it starts, the processor before others: by the clock a message is late whoever
    else was busy, and the interpreter waits for a member's thread that waits for a processor."""
    former = os.getpriority(os.PRIO_PROCESS, 0)
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, former - 10)
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, former)


@case('large: 500 listeners with 5 members each stay ONLINE, what fails is in the next message, statistics within 6',
      large=True)
def crowd(controller):
    if controller.target['name'] == 'peer':
        raise Skipped('the real agent sends nothing that is larger than a datagram')
    with first_in_line(), deployment.settings('health_manager', heartbeat_interval=INTERVAL):
        bring_settings(controller)
        listeners, bad = large(controller)
        balancer = controller.serve(*listeners, vip=models.Vip(ip_address=ADDRESS))
        with watching(controller, balancer) as manager:
            watch_crowd(controller, balancer, manager, listeners, bad)
    bring_settings(controller)


def watch_crowd(controller, balancer, manager, listeners, bad):
    failing = listeners[LISTENERS // 2].default_pool

    def next_accepted(former):
        message = manager.next()
        expect(message['seq'], former['seq'] + 1, 'the very next message')
        accept(controller, manager, message)
        expect(len(message['listeners']), LISTENERS)
        expect(set(statuses('Listener', listeners)), {ONLINE})
        return message
    # What the load balancer was served with may come late: 2,500 rows change at the first message.
    manager.until(lambda _: expect(set(statuses('Listener', listeners)), {ONLINE}), 60)
    eventually(lambda: expect(known_to_haproxy(controller, balancer, failing.members[-1])[:2], 'UP'))

    # Just after a message there is most of an interval until the next one is composed.
    message = manager.receive()
    bad.status = 503
    eventually(lambda: expect(known_to_haproxy(controller, balancer, failing.members[-1]), 'DOWN'))
    message = next_accepted(message)
    expect(statuses('Member', failing.members), [ONLINE] * (MEMBERS - 1) + [ERROR])
    expect(statuses('Pool', [failing]), [DEGRADED])

    messages = [manager.receive()]
    # But for the one that is checked at.
    quiet = listeners[:-1]
    for number in range(len(quiet)):
        with Connection(controller.namespace, (ADDRESS, FIRST_PORT + number)) as user:
            expect(user.get().status, 200)
    messages += manager.queued()
    for message in messages:
        manager.accept_statistics(message)
    complete = None
    for number in range(1, STATISTICS_WITHIN + 1):
        message = next_accepted(message)
        told = [(database.statistics_of(listener.id) or {}).get('totconns') for listener in quiet]
        if complete is None and told == [1] * len(quiet):
            complete = number
    # And nothing was told twice meanwhile.
    expect(told, [1] * len(quiet))
    expect(statuses('Member', failing.members), [ONLINE] * (MEMBERS - 1) + [ERROR])
    controller.figures.append({'messages until all statistics had come': complete})
