"""TLS on the users' side: certificates by name, versions, HTTP/2, client certificates."""

import ssl
import subprocess

from octavia.common import constants
from octavia.common import data_models as models
from octavia_lib.common import constants as lib_constants

from authority import Authority
from case import case, expect, expect_raises
from client import Connection, eventually, trusting

DEFAULT, OTHER = 'www.example.com', 'other.example.com'
CLIENT_HEADERS = ('X-SSL-Client-Verify', 'X-SSL-Client-Has-Cert', 'X-SSL-Client-DN', 'X-SSL-Client-CN',
                  'X-SSL-Issuer', 'X-SSL-Client-SHA1', 'X-SSL-Client-Not-Before', 'X-SSL-Client-Not-After')


def terminated(controller, pool=None, **fields):
    """A TERMINATED_HTTPS listener with a certificate for DEFAULT."""
    pool = pool or controller.pool([controller.member('one')])
    reference = controller.store(controller.authority.issue(DEFAULT))
    return controller.listener(pool, protocol=constants.PROTOCOL_TERMINATED_HTTPS, port=8443,
                               tls_certificate_id=reference, **fields)


def connect(controller, balancer, sni=DEFAULT, **fields):
    context = trusting(controller.authority.certificate, directory=controller.scratch, **fields)
    return Connection(controller.namespace, (balancer.vip.ip_address, 8443), context, sni)


def certified_name(controller, balancer, sni):
    """The name in the certificate that a user with this SNI is shown."""
    context = trusting(controller.authority.certificate)
    context.check_hostname = False
    with Connection(controller.namespace, (balancer.vip.ip_address, 8443), context, sni) as user:
        return dict(pair[0] for pair in user.socket.getpeercert()['subject'])['commonName']


@case('a TERMINATED_HTTPS listener picks its certificate by the name that is asked for')
def sni(controller):
    listener = terminated(controller, sni_containers=[
        models.SNI(position=1, tls_container_id=controller.store(controller.authority.issue(OTHER)))],
        insert_headers={'X-Forwarded-Proto': 'true'})
    balancer = controller.serve(listener)
    expect([certified_name(controller, balancer, name) for name in (DEFAULT, OTHER, 'unknown.example.com')],
           [DEFAULT, OTHER, DEFAULT])
    with connect(controller, balancer, OTHER) as user:
        expect(user.get().told['headers']['x-forwarded-proto'], 'https')
    expect([row['type'] for row in controller.api.get_all_listeners(controller.known_amphora())],
           ['TERMINATED_HTTPS'])


@case('a renewed certificate is served after an update, also under an unchanged configuration')
def renewed(controller):
    listener = terminated(controller)
    balancer = controller.serve(listener)

    def serial():
        with connect(controller, balancer) as user:
            return int(user.socket.getpeercert()['serialNumber'], 16)
    before = serial()
    leaf = controller.authority.issue(DEFAULT)
    listener.tls_certificate_id = controller.store(leaf)
    text = controller.stored(balancer)
    controller.update(balancer)
    expect(controller.stored(balancer), text, 'the configuration')
    eventually(lambda: expect(serial(), leaf.serial))
    expect(before == leaf.serial, False)


@case('TLS versions and ciphers of a listener hold')
def versions(controller):
    listener = terminated(controller, tls_versions=[lib_constants.TLS_VERSION_1_2],
                          tls_ciphers='ECDHE-ECDSA-AES256-GCM-SHA384')
    balancer = controller.serve(listener)
    with connect(controller, balancer) as user:
        expect(user.socket.cipher()[0:2], ('ECDHE-ECDSA-AES256-GCM-SHA384', 'TLSv1.2'))
        expect(user.get().status, 200)
    expect_raises((ssl.SSLError, ConnectionError), connect_with, controller, balancer,
                  'ECDHE-ECDSA-AES128-GCM-SHA256')
    listener.tls_versions, listener.tls_ciphers = [lib_constants.TLS_VERSION_1_3], None
    controller.update(balancer)

    def refuses_old():
        with connect(controller, balancer) as user:
            expect(user.socket.version(), 'TLSv1.3')
        expect_raises((ssl.SSLError, ConnectionError), connect_with, controller, balancer, None)
    eventually(refuses_old)


def connect_with(controller, balancer, ciphers):
    """Connects with TLS 1.2 at most."""
    with connect(controller, balancer, most=ssl.TLSVersion.TLSv1_2, ciphers=ciphers):
        pass


@case('HTTP/2 is spoken where the listener offers it')
def alpn(controller):
    balancer = controller.serve(terminated(controller, alpn_protocols=['h2', 'http/1.1']))
    chosen = []
    for offered in (['h2', 'http/1.1'], ['http/1.1']):
        with connect(controller, balancer, alpn=offered) as user:
            chosen.append(user.socket.selected_alpn_protocol())
    expect(chosen, ['h2', 'http/1.1'])
    address = '{}:8443:{}'.format(DEFAULT, balancer.vip.ip_address)
    asked = subprocess.run(controller.namespace.argv(
        'curl', '-s', '-k', '--http2', '-w', '\n%{http_version} %{http_code}', '--resolve', address,
        'https://{}:8443/'.format(DEFAULT)), capture_output=True, text=True, timeout=20)
    expect(asked.stdout.splitlines()[-1], '2 200')


def demanding(controller, kind, users, **fields):
    """A listener that asks users for certificates of an authority."""
    headers = {name: 'true' for name in CLIENT_HEADERS}
    return terminated(controller, client_ca_tls_certificate_id=controller.store_text(users.certificate),
                      client_authentication=kind, insert_headers=headers, **fields)


@case('mandatory client authentication admits good certificates, no strangers, no revoked ones')
def mandatory(controller):
    users = Authority('users')
    good, revoked = users.issue_client('good'), users.issue_client('revoked')
    listener = demanding(controller, constants.CLIENT_AUTH_MANDATORY, users,
                         client_crl_container_id=controller.store_text(users.revocation_list(revoked)))
    balancer = controller.serve(listener)
    with connect(controller, balancer, client=good) as user:
        seen = user.get().told['headers']
    expect([seen.get(name.lower()) for name in CLIENT_HEADERS[:5]],
           ['0', '1', '/CN=good', 'good', '/CN=users'])
    expect(all(seen.get(name.lower()) for name in CLIENT_HEADERS), True)
    stranger = Authority('others').issue_client('good')
    for client in (None, revoked, stranger):
        expect_raises((ssl.SSLError, ConnectionError), ask_as, controller, balancer, client)
    # The next list revokes the good one too.
    listener.client_crl_container_id = controller.store_text(users.revocation_list(revoked, good))
    controller.update(balancer)
    eventually(lambda: expect_raises((ssl.SSLError, ConnectionError), ask_as, controller, balancer, good))


def ask_as(controller, balancer, client):
    """Asks with a client certificate; TLS 1.3 tells a refusal only after the first bytes."""
    with connect(controller, balancer, client=client) as user:
        return user.get()


@case('optional client authentication admits users without a certificate')
def optional(controller):
    users = Authority('users')
    balancer = controller.serve(demanding(controller, constants.CLIENT_AUTH_OPTIONAL, users))
    expect(ask_as(controller, balancer, None).told['headers']['x-ssl-client-has-cert'], '0')
    expect(ask_as(controller, balancer, users.issue_client('good')).told['headers']['x-ssl-client-cn'], 'good')
    expect_raises((ssl.SSLError, ConnectionError), ask_as, controller, balancer,
                  Authority('others').issue_client('good'))
