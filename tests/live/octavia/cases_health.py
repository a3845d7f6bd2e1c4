"""Heartbeats, decoded by Octavia and fed to its database: statuses, statistics, every kind of health monitor."""

import contextlib

from octavia.common import constants

import database
import deployment
import render
from case import Skipped, case, expect
from cases_listeners import names
from cases_tls import DEFAULT
from client import Connection, eventually, serving
from health_manager import HealthManager

ONLINE, ERROR, OFFLINE, DEGRADED = (constants.ONLINE, constants.ERROR, constants.OFFLINE, constants.DEGRADED)


@contextlib.contextmanager
def watching(controller, balancer):
    """A health manager whose database knows this load balancer."""
    database.clear()
    database.add(balancer)
    manager = HealthManager(controller.target['udp_port'])
    try:
        yield manager
    finally:
        manager.close()


def monitor(controller, kind, **fields):
    values = dict(delay=1, timeout=1, fall_threshold=1, rise_threshold=1, url_path='/health', expected_codes='200')
    return render.monitor(controller, kind, **{**values, **fields})


def statuses(kind, records):
    return [database.status_of(kind, record.id) for record in records]


@case('a heartbeat renews the amphora and puts every part of the load balancer ONLINE')
def online(controller):
    listeners = [controller.listener(controller.pool([controller.member('one')],
                                                     health_monitor=monitor(controller, constants.HEALTH_MONITOR_HTTP)),
                                     port=port) for port in (8080, 8081)]
    balancer = controller.serve(*listeners)
    pools = [listener.default_pool for listener in listeners]

    def all_online(message):
        expect([statuses('LoadBalancer', [balancer]), statuses('Listener', listeners), statuses('Pool', pools),
                statuses('Member', [pool.members[0] for pool in pools])],
               [[ONLINE], [ONLINE] * 2, [ONLINE] * 2, [ONLINE] * 2])
        expect(sorted(message['listeners']), sorted(listener.id for listener in listeners))
        expect(sorted(message['pools']),
               sorted('{}:{}'.format(listener.default_pool.id, listener.id) for listener in listeners))
    with watching(controller, balancer) as manager:
        messages = manager.until(all_online)
        expect(messages[-1]['ver'], 3)
        expect(messages[-1]['id'], controller.target['amphora_id'])
        before = database.health_of(controller.target['amphora_id'])
        following = manager.next()
        manager.accept(following)
        expect(following['seq'], messages[-1]['seq'] + 1)
        expect(database.health_of(controller.target['amphora_id']) > before, True, 'last_update renewed')


@case('statistics of heartbeats add up to what was asked for, over a reload too')
def statistics(controller):
    listener = controller.listener(controller.pool([controller.member('one')]))
    balancer = controller.serve(listener)

    def asked(count):
        for _ in range(count):
            with Connection(controller.namespace, (balancer.vip.ip_address, 8080)) as user:
                expect(user.get().status, 200)

    def summed(count, errors):
        def holds(_):
            told = database.statistics_of(listener.id)
            expect((told['totconns'], told['ereq']), (count, errors))
            expect(told['rx'] > 0 and told['tx'] > told['rx'], True, 'bytes')
        return holds
    with watching(controller, balancer) as manager:
        manager.accept(manager.receive())
        asked(30)
        # Who says nothing and who says nonsense are both counted as errors.
        controller.namespace.connect((balancer.vip.ip_address, 8080)).close()
        with controller.namespace.connect((balancer.vip.ip_address, 8080)) as wrong:
            wrong.sendall(b'no request\r\n\r\n')
            wrong.recv(1)
        manager.until(summed(32, 2))
        controller.driver.reload(balancer)
        asked(20)
        if controller.target['name'] == 'peer':
            # It takes the first counts of a new worker for a step backwards and drops them.
            return
        manager.until(summed(52, 2))
        # Nothing is told twice, and a quiet time adds nothing.
        manager.accept(manager.next())
        manager.accept(manager.next())
        summed(52, 2)(None)


@case('a member that fails its checks is ERROR in the database, and ONLINE when it comes back')
def fails(controller):
    good, bad = controller.member('good'), controller.member('bad')
    pool = controller.pool([good, bad], health_monitor=monitor(controller, constants.HEALTH_MONITOR_HTTP))
    balancer = controller.serve(controller.listener(pool))

    def told(member, pool_status):
        def holds(_):
            expect([statuses('Member', pool.members), statuses('Pool', [pool])], [[ONLINE, member], [pool_status]])
        return holds
    with watching(controller, balancer) as manager:
        manager.until(told(ONLINE, ONLINE))
        bad.status = 503
        manager.until(told(ERROR, DEGRADED))
        expect(set(names(controller, balancer, 4)), {'good'})
        bad.status = 200
        manager.until(told(ONLINE, ONLINE))


@case('members that drain, are switched off or are not watched are told as such')
def kinds_of_members(controller):
    watched = controller.pool([controller.record(controller.member('one')),
                               controller.record(controller.member('drained'), weight=0),
                               controller.record(controller.member('off'), enabled=False)],
                              health_monitor=monitor(controller, constants.HEALTH_MONITOR_TCP))
    unwatched = controller.pool([controller.member('nobody watches')])
    balancer = controller.serve(controller.listener(watched), controller.listener(unwatched, port=8081))

    def told(_):
        expect(statuses('Member', [*watched.members, *unwatched.members]),
               [ONLINE, constants.DRAINING, OFFLINE, constants.NO_MONITOR])
    with watching(controller, balancer) as manager:
        manager.until(told)


@case('monitors of every kind tell good members from bad ones: HTTP, HTTPS, TCP, TLS-HELLO, PING')
def monitors(controller):
    tls = serving(controller.authority.issue(DEFAULT), controller.scratch)
    plain, secured, sick = controller.member('plain'), controller.member('secured', context=tls), controller.member('s')
    closed = controller.member('closed')
    closed.end()
    sick.status = 500
    gone = controller.record(plain)
    gone.ip_address = '192.0.2.77'
    pairs = {constants.HEALTH_MONITOR_HTTP: (plain, sick), constants.HEALTH_MONITOR_HTTPS: (secured, plain),
             constants.HEALTH_MONITOR_TCP: (plain, closed), constants.HEALTH_MONITOR_TLS_HELLO: (secured, plain),
             constants.HEALTH_MONITOR_PING: (plain, gone)}
    pools = [controller.pool(members, health_monitor=monitor(controller, kind)) for kind, members in pairs.items()]
    balancer = controller.serve(*[controller.listener(pool, port=8080 + number)
                                  for number, pool in enumerate(pools)])

    def told(_):
        expect({kind: statuses('Member', pool.members) for kind, pool in zip(pairs, pools)},
               {kind: [ONLINE, ERROR] for kind in pairs})
    with watching(controller, balancer) as manager:
        manager.until(told)
    # The templates' word for it, wherever the helper lies.
    expect('external-check command /var/lib/octavia/ping-wrapper.sh' in controller.stored(balancer), True)


@case('monitors ask as they are told: version, host, path, port and address')
def monitor_details(controller):
    one = controller.member('one')
    elsewhere = controller.member('checked here', ip=controller.addresses['other_member'])
    closed = controller.member('closed')
    closed.end()
    watched = controller.record(closed, monitor_address=elsewhere.ip, monitor_port=elsewhere.port)
    asking = monitor(controller, constants.HEALTH_MONITOR_HTTP, http_version=1.1, domain_name='www.example.com',
                     url_path='/health/deep', http_method='OPTIONS', expected_codes='200-204')
    pool = controller.pool([controller.record(one), watched], health_monitor=asking)
    balancer = controller.serve(controller.listener(pool))
    with watching(controller, balancer) as manager:
        manager.until(lambda _: expect(statuses('Member', pool.members), [ONLINE, ONLINE]))


@case('a listener that is gone is not told any more')
def gone_listeners(controller):
    kept = controller.listener(controller.pool([controller.member('one')]))
    other = controller.listener(controller.pool([controller.member('two')]), port=8081)
    balancer = controller.serve(kept, other)
    with watching(controller, balancer) as manager:
        manager.until(lambda _: expect(statuses('Listener', [kept, other]), [ONLINE, ONLINE]))
        controller.driver.delete(other)
        manager.until(lambda message: expect(list(message['listeners']), [kept.id]))
        controller.driver.delete(kept)
        manager.until(lambda message: expect((message['listeners'], message['pools']), ({}, {})))


def bring_settings(controller):
    """Renders agent.conf anew and has the driver replace the amphora's."""
    controller.driver.update_amphora_agent_config(controller.amphora(), deployment.render_agent_conf(controller.target))


@case('heartbeats follow a replaced agent.conf: key and interval')
def replaced_settings(controller):
    if controller.target['name'] == 'peer':
        raise Skipped('the real agent answers 202, but its heartbeats keep the former key here')
    interval = controller.target['heartbeat_interval']
    manager = HealthManager(controller.target['udp_port'])
    try:
        manager.receive()
        with deployment.settings('health_manager', heartbeat_key='another key',
                                 heartbeat_interval=interval * 2):
            bring_settings(controller)
            eventually(manager.receive)
            messages = [manager.next() for _ in range(2)]
            expect(messages[1]['seq'], messages[0]['seq'] + 1)
            # The first one may have been late.
            expect(messages[1]['recv_time'] - messages[0]['recv_time'] > interval * 1.5, True, 'the longer interval')
    finally:
        bring_settings(controller)
        eventually(manager.receive)
        manager.close()
