"""L7 policies: every action, every kind of rule."""

from octavia.common import constants

import render
from authority import Authority
from case import case, expect
from cases_tls import connect, terminated
from client import Connection

REGEX, BEGIN, END, PART, EQUAL = (
    constants.L7RULE_COMPARE_TYPE_REGEX, constants.L7RULE_COMPARE_TYPE_STARTS_WITH,
    constants.L7RULE_COMPARE_TYPE_ENDS_WITH, constants.L7RULE_COMPARE_TYPE_CONTAINS,
    constants.L7RULE_COMPARE_TYPE_EQUAL_TO)
TO_POOL = constants.L7POLICY_ACTION_REDIRECT_TO_POOL
PATH = constants.L7RULE_TYPE_PATH


def ask(controller, balancer, path='/', **headers):
    with Connection(controller.namespace, (balancer.vip.ip_address, 8080)) as user:
        return user.get(path, **headers)


def asked(controller, balancer, path='/', **headers):
    """Who answers."""
    return ask(controller, balancer, path, **headers).told['member']


@case('L7 policies redirect to a pool, a URL and a prefix, and reject')
def actions(controller):
    usual = controller.pool([controller.member('usual')])
    special = controller.pool([controller.member('special')])

    def on(path, action, **fields):
        return render.policy(controller, action, [render.rule(controller, PATH, BEGIN, path)], **fields)
    url, prefix = constants.L7POLICY_ACTION_REDIRECT_TO_URL, constants.L7POLICY_ACTION_REDIRECT_PREFIX
    policies = [on('/no', constants.L7POLICY_ACTION_REJECT),
                on('/special', TO_POOL, redirect_pool=special),
                on('/away', url, redirect_url='https://www.example.com/there?a=[b]'),
                on('/gone', url, redirect_url='https://www.example.com/gone', redirect_http_code=308),
                on('/moved', prefix, redirect_prefix='https://new.example.com')]
    balancer = controller.serve(controller.listener(usual, special, l7policies=policies))
    expect(ask(controller, balancer, '/no/thing').status, 403)
    expect(asked(controller, balancer, '/special/x'), 'special')
    expect(asked(controller, balancer, '/'), 'usual')
    moved = [ask(controller, balancer, path) for path in ('/away', '/gone', '/moved/x?y=z')]
    expect([(answer.status, answer.headers['location']) for answer in moved],
           [(302, 'https://www.example.com/there?a=[b]'), (308, 'https://www.example.com/gone'),
            (302, 'https://new.example.com/moved/x?y=z')])


@case('L7 rules read host, path, file type, header and cookie, each in every comparison')
def rules(controller):
    """One policy and one pool's member for each rule: who answers says which rule matched."""
    header, cookie = dict(key='X-Kind'), dict(key='kind')
    host, file_type = constants.L7RULE_TYPE_HOST_NAME, constants.L7RULE_TYPE_FILE_TYPE
    in_header, in_cookie = constants.L7RULE_TYPE_HEADER, constants.L7RULE_TYPE_COOKIE
    plan = [(host, EQUAL, 'api.example.com', {}), (host, END, '.shop.example.com', {}),
            (PATH, EQUAL, '/exactly', {}), (PATH, BEGIN, '/begins', {}), (PATH, PART, 'ontai', {}),
            (PATH, REGEX, '^/r[0-9]+$', {}), (file_type, EQUAL, '/a.jpg', {}), (file_type, REGEX, '(png|gif)', {}),
            (in_header, EQUAL, 'plain', header), (in_header, BEGIN, 'pre-', header), (in_header, END, '.post', header),
            (in_cookie, EQUAL, 'sweet', cookie), (in_cookie, REGEX, '^sal+ty$', cookie)]
    # The template compares a file type for equality with the whole path.
    usual = controller.pool([controller.member('usual')])
    pools, policies = [usual], []
    for number, (kind, compare, value, key) in enumerate(plan):
        pools.append(controller.pool([controller.member('rule {}'.format(number))]))
        policies.append(render.policy(controller, TO_POOL, [render.rule(controller, kind, compare, value, **key)],
                                      redirect_pool=pools[-1]))
    balancer = controller.serve(controller.listener(*pools, l7policies=policies))
    requests = [('/', dict(Host='API.example.com')), ('/', dict(Host='my.shop.example.com')),
                ('/exactly', {}), ('/begins/so', {}), ('/it-contains', {}), ('/r2345', {}), ('/a.jpg', {}),
                ('/a.gif', {}), ('/', dict(X_Kind='plain')), ('/', dict(X_Kind='pre-x')), ('/', dict(X_Kind='x.post')),
                ('/', dict(Cookie='a=b; kind=sweet')), ('/', dict(Cookie='kind=sallllty'))]
    expect([asked(controller, balancer, path, **headers) for path, headers in requests],
           ['rule {}'.format(number) for number in range(len(plan))])
    expect([asked(controller, balancer, path, **headers) for path, headers in
            [('/', {}), ('/exactly/not', {}), ('/r2x', {}), ('/', dict(X_Kind='other')), ('/', dict(Cookie='kind=x'))]],
           ['usual'] * 5)


@case('rules of one policy must all hold, and an inverted one must not')
def together(controller):
    usual, special = [controller.pool([controller.member(name)]) for name in ('usual', 'special')]
    both = [render.rule(controller, PATH, BEGIN, '/in'),
            render.rule(controller, constants.L7RULE_TYPE_HEADER, EQUAL, 'out', key='X-Kind', invert=True)]
    off = render.policy(controller, constants.L7POLICY_ACTION_REJECT, [render.rule(controller, PATH, BEGIN, '/')])
    off.enabled = False
    policies = [off, render.policy(controller, TO_POOL, both, redirect_pool=special)]
    balancer = controller.serve(controller.listener(usual, special, l7policies=policies))
    expect([asked(controller, balancer, '/in'), asked(controller, balancer, '/in', X_Kind='out'),
            asked(controller, balancer, '/elsewhere')], ['special', 'usual', 'usual'])


@case('L7 rules read the user\'s certificate: whether there is one, whether it is good, its fields')
def certificates(controller):
    users = Authority('users')
    usual, named, any_good = [controller.pool([controller.member(name)]) for name in ('usual', 'named', 'any good')]

    def rule(kind, value, **fields):
        return render.rule(controller, kind, EQUAL, value, **fields)
    verified = rule(constants.L7RULE_TYPE_SSL_VERIFY_RESULT, '0')
    present = rule(constants.L7RULE_TYPE_SSL_CONN_HAS_CERT, 'True')
    boss = rule(constants.L7RULE_TYPE_SSL_DN_FIELD, 'boss', key='CN')
    policies = [render.policy(controller, TO_POOL, [boss], redirect_pool=named),
                render.policy(controller, TO_POOL, [present, verified], redirect_pool=any_good)]
    listener = terminated(controller, usual, l7policies=policies,
                          client_ca_tls_certificate_id=controller.store_text(users.certificate),
                          client_authentication=constants.CLIENT_AUTH_OPTIONAL)
    listener.pools = [usual, named, any_good]
    balancer = controller.serve(listener)
    answered = []
    for client in (None, users.issue_client('boss'), users.issue_client('clerk')):
        with connect(controller, balancer, client=client) as user:
            answered.append(user.get().told['member'])
    expect(answered, ['usual', 'named', 'any good'])
