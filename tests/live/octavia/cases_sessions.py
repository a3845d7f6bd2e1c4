"""Session persistence, alone and with the peers of an active-standby pair."""

from octavia.common import constants
from octavia.common import data_models as models

import render
from case import case, expect
from cases_listeners import names
from client import Connection, eventually


def sticky(controller, kind, member_headers=None, **fields):
    """A pool of three members with this persistence."""
    members = [controller.member(name, headers=member_headers(name) if member_headers else None)
               for name in ('one', 'two', 'three')]
    return controller.pool(members, session_persistence=render.persistence(kind, **fields))


def answers(controller, balancer, count, **headers):
    """Asks `count` times, on a connection each."""
    for _ in range(count):
        with Connection(controller.namespace, (balancer.vip.ip_address, 8080)) as user:
            yield user.get(**headers)


@case('SOURCE_IP keeps a user with one member')
def source_ip(controller):
    balancer = controller.serve(controller.listener(sticky(controller, constants.SESSION_PERSISTENCE_SOURCE_IP)))
    expect(len(set(names(controller, balancer, 6))), 1)


@case('HTTP_COOKIE keeps a user with one member, also over a reload')
def http_cookie(controller):
    balancer = controller.serve(controller.listener(sticky(controller, constants.SESSION_PERSISTENCE_HTTP_COOKIE)))
    first = next(answers(controller, balancer, 1))
    expect(first.cookies.startswith('SRV='), True, 'the cookie')
    again = list(answers(controller, balancer, 3, Cookie=first.cookies))
    controller.driver.reload(balancer)
    again += answers(controller, balancer, 3, Cookie=first.cookies)
    expect({answer.told['member'] for answer in again}, {first.told['member']})
    expect(len({answer.told['member'] for answer in answers(controller, balancer, 6)}), 3, 'members without it')


@case('APP_COOKIE follows the cookie that a member sets')
def app_cookie(controller):
    pool = sticky(controller, constants.SESSION_PERSISTENCE_APP_COOKIE, cookie_name='JSESSIONID',
                  member_headers=lambda name: {'Set-Cookie': 'JSESSIONID=of-{}'.format(name)})
    balancer = controller.serve(controller.listener(pool))
    given = {answer.told['member']: answer.cookies for answer in answers(controller, balancer, 6)}
    expect(len(given), 3)
    for member, cookie in given.items():
        expect({answer.told['member'] for answer in answers(controller, balancer, 2, Cookie=cookie)}, {member})


@case('an active-standby pair shares its sessions: the local peer listens, the other one is named')
def peers(controller):
    amphora = controller.amphora(vrrp_ip=controller.addresses['vrrp'])
    other = models.Amphora(id=controller.uuid(), status=constants.AMPHORA_ALLOCATED, lb_network_ip='192.0.2.2',
                           vrrp_ip=controller.addresses['other_vrrp'])
    balancer = controller.balancer(
        controller.listener(sticky(controller, constants.SESSION_PERSISTENCE_SOURCE_IP)),
        amphora=amphora, topology=constants.TOPOLOGY_ACTIVE_STANDBY)
    # The driver brings configurations to every amphora of the pair: only the first one is here.
    balancer.amphorae.append(other)
    controller.update(balancer)

    def peer_listens():
        controller.namespace.connect((amphora.vrrp_ip, constants.HAPROXY_BASE_PEER_PORT)).close()
    eventually(peer_listens)
    before = set(names(controller, balancer, 4))
    expect(len(before), 1)
    controller.driver.reload(balancer, amphora)
    expect(set(names(controller, balancer, 4)), before, 'who answers after a reload')
