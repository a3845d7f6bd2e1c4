"""How members are spoken to: the PROXY protocol, TLS, algorithms."""

from octavia.common import constants
from octavia_lib.common import constants as lib_constants

from authority import Authority
from case import case, expect
from cases_listeners import names
from cases_tls import connect, terminated
from client import Connection, eventually, serving

MEMBER = 'member.example.com'


def ask(controller, balancer, port=8080, **fields):
    with Connection(controller.namespace, (balancer.vip.ip_address, port), **fields) as user:
        return user.get()


@case('PROXY pools tell members the user\'s address, in version 1 and 2')
def proxy(controller):
    first = controller.pool([controller.member('one', proxied=True)], constants.PROTOCOL_PROXY)
    second = controller.pool([controller.member('two', proxied=True)], lib_constants.PROTOCOL_PROXYV2)
    balancer = controller.serve(controller.listener(first), controller.listener(second, port=8081))
    source = controller.addresses['user']
    for port, version in ((8080, 1), (8081, 2)):
        expect(ask(controller, balancer, port, source=source).told['proxy'],
               {'version': version, 'source': source, 'destination': balancer.vip.ip_address, 'port': port})


@case('PROXY version 2 pools behind TLS tell members who the user is')
def proxy_tls(controller):
    users = Authority('users')
    pool = controller.pool([controller.member('one', proxied=True)], lib_constants.PROTOCOL_PROXYV2)
    balancer = controller.serve(terminated(
        controller, pool, client_ca_tls_certificate_id=controller.store_text(users.certificate),
        client_authentication=constants.CLIENT_AUTH_MANDATORY))
    with connect(controller, balancer, client=users.issue_client('someone')) as user:
        told = user.get().told['proxy']
    expect((told['version'], told['tls'], told['cn']), (2, True, 'someone'))


@case('TLS to members: unchecked, and with their protocols')
def re_encryption(controller):
    leaf = Authority('nobody knows').issue(MEMBER)
    member = controller.member('one', context=serving(leaf, controller.scratch, alpn=['http/1.1']))
    pool = controller.pool([member], tls_enabled=True, alpn_protocols=['h2', 'http/1.1'],
                           tls_versions=[lib_constants.TLS_VERSION_1_2, lib_constants.TLS_VERSION_1_3])
    balancer = controller.serve(controller.listener(pool))
    expect(ask(controller, balancer).told['tls'], {'alpn': 'http/1.1', 'client': None})


@case('TLS to members: checked against an authority, with a client certificate')
def mutual_re_encryption(controller):
    insiders = Authority('insiders')
    good = serving(insiders.issue(MEMBER), controller.scratch, clients=insiders.certificate)
    bad = serving(Authority('outsiders').issue(MEMBER), controller.scratch)
    checked = dict(tls_enabled=True, ca_tls_certificate_id=controller.store_text(insiders.certificate),
                   crl_container_id=controller.store_text(insiders.revocation_list()),
                   tls_certificate_id=controller.store(insiders.issue_client('amphora')))
    balancer = controller.serve(
        controller.listener(controller.pool([controller.member('one', context=good)], **checked)),
        controller.listener(controller.pool([controller.member('two', context=bad)], **checked), port=8081))
    expect(ask(controller, balancer).told['tls']['client'], 'amphora')
    expect(ask(controller, balancer, 8081).status, 503, 'a member with a certificate of another authority')


@case('a revoked member is not spoken to')
def revoked_member(controller):
    insiders = Authority('insiders')
    leaf = insiders.issue(MEMBER)
    member = controller.member('one', context=serving(leaf, controller.scratch))
    pool = controller.pool([member], tls_enabled=True,
                           ca_tls_certificate_id=controller.store_text(insiders.certificate),
                           crl_container_id=controller.store_text(insiders.revocation_list()))
    balancer = controller.serve(controller.listener(pool))
    expect(ask(controller, balancer).status, 200)
    pool.crl_container_id = controller.store_text(insiders.revocation_list(leaf))
    controller.update(balancer)
    eventually(lambda: expect(ask(controller, balancer).status, 503))


@case('algorithms: by source address, and fewest connections')
def algorithms(controller):
    members = [controller.member(name) for name in ('one', 'two')]
    by_source = controller.pool(members, lb_algorithm=constants.LB_ALGORITHM_SOURCE_IP)
    fewest = controller.pool(members, lb_algorithm=constants.LB_ALGORITHM_LEAST_CONNECTIONS)
    balancer = controller.serve(controller.listener(by_source), controller.listener(fewest, port=8081))
    expect(len(set(names(controller, balancer, 6))), 1, 'members for one source')
    expect(set(names(controller, balancer, 6, 8081)), {'one', 'two'})
