"""Runs the cases against one agent and prints a JSON line for each: title, outcome, seconds, why.

Usage: drive.py TARGET.json [WORD...]   cases whose title has one of the words, or all; the large ones only by a word,
                                        or with AMPHORAD_LARGE=1 in the environment
       drive.py --list                  the titles, one a line
       drive.py --conf TARGET.json      the agent.conf that a controller renders for the target
"""

import json
import sys
import time
import traceback

import case
import controller
import database

MODULES = ('cases_agent', 'cases_listeners', 'cases_tls', 'cases_members', 'cases_l7', 'cases_sessions',
           'cases_health', 'cases_udp', 'cases_large')


def load(words=()):
    for name in MODULES:
        __import__(name)
    return case.chosen(words)


def run_one(driven, title, function):
    begin = time.monotonic()
    told = {'title': title, 'outcome': 'passed'}
    try:
        function(driven)
    except case.Skipped as reason:
        told.update(outcome='skipped', why=str(reason))
    except Exception as thrown:
        told.update(outcome='failed', why='{}: {}'.format(type(thrown).__name__, thrown),
                    trace=traceback.format_exc())
    finally:
        driven.clean()
    told['seconds'] = round(time.monotonic() - begin, 2)
    print(json.dumps(told), flush=True)


def main(first, *words):
    if first == '--list':
        print('\n'.join(title for title, _ in load()))
        return
    with open(words[0] if first == '--conf' else first) as file:
        target = json.load(file)
    controller.configure(target)
    if first == '--conf':
        print(controller.render_agent_conf(target))
        return
    database.create()
    driven = controller.Controller(target)
    for title, function in load(words):
        run_one(driven, title, function)


if __name__ == '__main__':
    main(*sys.argv[1:])
