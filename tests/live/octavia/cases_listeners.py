"""Listeners of every protocol, and what a listener is set to: limits, timeouts, headers, allowed sources."""

from concurrent.futures import ThreadPoolExecutor
import socket

from octavia.amphorae.drivers.haproxy import exceptions
from octavia.common import constants
from octavia.common import data_models as models
from octavia_lib.common import constants as lib_constants

from case import case, expect, expect_raises
from client import Connection, eventually


def names(controller, balancer, count, port=8080):
    """Asks `count` times, on a connection each, and tells who answered."""
    answered = []
    for _ in range(count):
        with Connection(controller.namespace, (balancer.vip.ip_address, port)) as user:
            answered.append(user.get().told['member'])
    return answered


def listed(controller, balancer):
    """What the amphora says of this load balancer's listeners: type and status by id."""
    ours = {listener.id for listener in balancer.listeners}
    rows = controller.api.get_all_listeners(controller.known_amphora())
    return {row['uuid']: (row['type'], row['status']) for row in rows if row['uuid'] in ours}


@case('an HTTP listener spreads requests over enabled members with weight')
def http(controller):
    one, two, drained, off = [controller.member(name) for name in ('one', 'two', 'drained', 'off')]
    pool = controller.pool([one, two, controller.record(drained, weight=0), controller.record(off, enabled=False)])
    balancer = controller.serve(controller.listener(pool))
    expect(sorted(names(controller, balancer, 6)), ['one'] * 3 + ['two'] * 3)
    expect(listed(controller, balancer), {balancer.listeners[0].id: ('HTTP', 'ACTIVE')})


@case('a backup member serves when no other can')
def backup(controller):
    one, spare = controller.member('one'), controller.member('spare')
    record = controller.record(one)
    balancer = controller.serve(controller.listener(controller.pool([record, controller.record(spare, backup=True)])))
    expect(set(names(controller, balancer, 4)), {'one'})
    record.enabled = False
    controller.update(balancer)
    eventually(lambda: expect(set(names(controller, balancer, 2)), {'spare'}))


@case('TCP and HTTPS listeners pass bytes through')
def pass_through(controller):
    one = controller.member('one')
    tcp = controller.listener(controller.pool([one], constants.PROTOCOL_TCP), protocol=constants.PROTOCOL_TCP)
    https = controller.listener(controller.pool([one], constants.PROTOCOL_HTTPS),
                                protocol=constants.PROTOCOL_HTTPS, port=8443)
    balancer = controller.serve(tcp, https)
    for port in (8080, 8443):
        expect(names(controller, balancer, 1, port), ['one'])
    expect(listed(controller, balancer), {tcp.id: ('TCP', 'ACTIVE'), https.id: ('TCP', 'ACTIVE')})


@case('listeners of one load balancer come and go while requests are under way')
def combined(controller):
    member = controller.member('one')
    first = controller.listener(controller.pool([member]))
    second = controller.listener(controller.pool([member]), port=8081)
    balancer = controller.serve(first)
    second.load_balancer = balancer
    for listeners in ([first, second], [first], [first, second]):
        with Connection(controller.namespace, (balancer.vip.ip_address, 8080)) as user, \
                ThreadPoolExecutor(1) as pool:
            slow = pool.submit(user.get, X_Wait='1')
            eventually(lambda: expect(member.under_way, 1))
            balancer.listeners = list(listeners)
            controller.update(balancer)
            expect(slow.result().status, 200)
    eventually(lambda: expect(names(controller, balancer, 1, 8081), ['one']))
    expect(len(listed(controller, balancer)), 2)


@case('deleting listeners removes one, then the load balancer')
def delete(controller):
    member = controller.member('one')
    first = controller.listener(controller.pool([member]))
    second = controller.listener(controller.pool([member]), port=8081)
    balancer = controller.serve(first, second)
    controller.driver.delete(second)
    expect(list(listed(controller, balancer)), [first.id])
    expect(names(controller, balancer, 1), ['one'])
    controller.driver.delete(first)
    expect(controller.api.get_all_listeners(controller.known_amphora()), [])
    expect_raises(OSError, lambda: controller.namespace.connect((balancer.vip.ip_address, 8080)))
    # What is gone may be deleted again: controllers repeat a failed flow.
    controller.api.delete_listener(controller.known_amphora(), balancer.id)


@case('a load balancer is started by its name, and an unknown one is not found')
def start(controller):
    balancer = controller.serve(controller.listener(controller.pool([controller.member('one')])))
    controller.driver.start(balancer)
    controller.driver.reload(balancer)
    expect(names(controller, balancer, 1), ['one'])
    stranger = controller.balancer(controller.listener(controller.pool([])))
    expect_raises(exceptions.NotFound, controller.driver.start, stranger, None, None)


@case('a configuration that haproxy refuses leaves the old one serving')
def refused(controller):
    balancer = controller.serve(controller.listener(controller.pool([controller.member('one')])))
    amphora, before = controller.known_amphora(), controller.stored(balancer)
    text = before.replace('balance roundrobin', 'balance by-mood')
    expect_raises(exceptions.InvalidRequest, controller.api.upload_config, amphora, balancer.id, text)
    expect(controller.stored(balancer), before)
    controller.driver.reload(balancer)
    expect(names(controller, balancer, 1), ['one'])


@case('a disabled listener does not listen, a disabled pool answers 503')
def disabled(controller):
    member = controller.member('one')
    off = controller.listener(controller.pool([member]), enabled=False)
    poolless = controller.listener(controller.pool([member], enabled=False), port=8081)
    balancer = controller.serve(off, poolless)
    expect_raises(OSError, lambda: controller.namespace.connect((balancer.vip.ip_address, 8080)))
    with Connection(controller.namespace, (balancer.vip.ip_address, 8081)) as user:
        expect(user.get().status, 503)
    expect(list(listed(controller, balancer)), [poolless.id])


@case('a listener answers on additional addresses too')
def additional_vips(controller):
    second = controller.addresses['additional_vip']
    balancer = controller.serve(controller.listener(controller.pool([controller.member('one')])),
                                additional_vips=[models.AdditionalVip(ip_address=second)])
    for address in (balancer.vip.ip_address, second):
        with Connection(controller.namespace, (address, 8080)) as user:
            expect(user.get().told['member'], 'one')


@case('members see the headers that a listener inserts')
def headers(controller):
    wanted = {'X-Forwarded-For': 'true', 'X-Forwarded-Port': 'true', 'X-Forwarded-Proto': 'true'}
    balancer = controller.serve(controller.listener(controller.pool([controller.member('one')]),
                                                    insert_headers=wanted))
    source = controller.addresses['user']
    with Connection(controller.namespace, (balancer.vip.ip_address, 8080), source=source) as user:
        seen = user.get().told['headers']
    expect([seen.get(name.lower()) for name in wanted], [source, '8080', 'http'])


@case('connection limits: none, and one at a time')
def limits(controller):
    member = controller.member('one')
    free = controller.listener(controller.pool([member]), connection_limit=-1)
    narrow = controller.listener(controller.pool([member]), port=8081, connection_limit=1)
    balancer = controller.serve(free, narrow)
    vip = balancer.vip.ip_address
    users = [Connection(controller.namespace, (vip, 8080)) for _ in range(20)]
    expect([user.get().status for user in users], [200] * 20)
    for user in users:
        user.close()
    with Connection(controller.namespace, (vip, 8081)) as first, \
            Connection(controller.namespace, (vip, 8081), timeout=0.7) as second:
        expect(first.get().status, 200)
        expect_raises(socket.timeout, second.get)
    eventually(lambda: expect(names(controller, balancer, 1, 8081), ['one']))


@case('timeouts of a listener hold for users and members')
def timeouts(controller):
    balancer = controller.serve(controller.listener(
        controller.pool([controller.member('slow')]), timeout_client_data=400, timeout_member_connect=300,
        timeout_member_data=300, timeout_tcp_inspect=100))
    address = (balancer.vip.ip_address, 8080)
    with Connection(controller.namespace, address) as user:
        expect(user.get(X_Wait='3').status, 504)
    with Connection(controller.namespace, address) as user:
        expect(user.socket.recv(12)[9:], b'408', 'what an idle user gets')


@case('allowed sources are the security group\'s: the configuration serves all')
def allowed_cidrs(controller):
    balancer = controller.serve(controller.listener(
        controller.pool([controller.member('one')]),
        allowed_cidrs=[models.ListenerCidr(cidr='192.0.2.0/24'), models.ListenerCidr(cidr='127.0.0.0/8')]))
    expect(names(controller, balancer, 1), ['one'])


@case('a PROMETHEUS listener tells metrics under Octavia\'s names')
def prometheus(controller):
    web = controller.listener(controller.pool([controller.member('one')]))
    metrics = controller.listener(protocol=lib_constants.PROTOCOL_PROMETHEUS, port=8088)
    balancer = controller.serve(web, metrics)
    names(controller, balancer, 3)

    def scrape():
        with Connection(controller.namespace, (balancer.vip.ip_address, 8088)) as user:
            answer = user.get('/metrics')
        expect(answer.status, 200)
        for name in ('octavia_loadbalancer_cpu', 'octavia_listener_status', 'octavia_pool_status',
                     'octavia_member_status'):
            expect('\n' + name in answer.text, True, name)
        expect('\nhaproxy_' in answer.text, False, "haproxy's names")
        expect('prometheus-exporter' in answer.text, False, 'internal proxies')
    eventually(scrape)
    expect(web.id in listed(controller, balancer), True)
