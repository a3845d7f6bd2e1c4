"""Runs the cases against agents and prints a JSON line for each: title, outcome, seconds, why, figures.

Usage: drive.py [WORD...] <FILES   cases whose title has one of the words, or all; the large ones only by a word, or with
                                   AMPHORAD_LARGE=1 in the environment. FILES: a line for each agent, the name of a
                                   lane, or `all`, and the path of a target.json. A lane is a process: most of the time
                                   is waiting for heartbeats and timeouts.
       drive.py --lanes [WORD...]  the lanes that have such cases, one a line
       drive.py --list             the titles, one a line; fails where Octavia's driver is not installed
       drive.py --conf TARGET.json the agent.conf that a controller renders for the target
"""

import importlib
import importlib.util
import json
import multiprocessing
import signal
import sys
import time
import traceback

import case

DRIVER = 'octavia.amphorae.drivers.haproxy.rest_api_driver'
LANES = {
    'health': ('cases_health',),
    'usual': ('cases_agent', 'cases_listeners', 'cases_tls', 'cases_members', 'cases_l7', 'cases_sessions', 'cases_udp',
              'cases_large'),
    # An amphora is plugged once in its life: those that are have their own.
    'network': ('cases_network',),
    'pair': ('cases_vrrp',),
    'pair6': ('cases_vrrp6',),
}
MODULES = sum(LANES.values(), ())


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
        if driven.figures:
            told['figures'] = driven.figures
        driven.clean()
    told['seconds'] = round(time.monotonic() - begin, 2)
    return told


def run_lane(file, cases, printing):
    """Runs cases against one agent, with a controller and a database of their own, in the namespace where the agent is."""
    import controller
    import database
    import deployment
    import namespace
    with open(file) as text:
        target = json.load(text)
    if target.get('home'):
        namespace.move_into(target['home'])
    deployment.configure(target)
    database.create()
    driven = controller.Controller(target)
    for title, function in cases:
        line = json.dumps(run_one(driven, title, function))
        with printing:
            print(line, flush=True)


def run(words):
    """Runs the cases of a lane as soon as its agent is there."""
    for name in MODULES:
        importlib.import_module(name)
    cases = case.chosen(words)
    forked = multiprocessing.get_context('fork')
    printing = forked.Lock()
    # Ending like this ends the lanes too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    runs = []
    for line in sys.stdin:
        lane, file = line.split()
        own = [(title, function) for title, function in cases if function.__module__ in LANES.get(lane, MODULES)]
        runs.append(forked.Process(target=run_lane, daemon=True, args=(file, own, printing)))
        runs[-1].start()
    for one in runs:
        one.join()
    return max((abs(one.exitcode) for one in runs), default=1)


def main(words):
    if words[:1] == ['--list']:
        if not importlib.util.find_spec(DRIVER):
            return 1
        print('\n'.join(case.titles(MODULES)))
        return 0
    if words[:1] == ['--lanes']:
        print('\n'.join(name for name, modules in LANES.items() if list(case.titles(modules, words[1:]))))
        return 0
    if words[:1] == ['--conf']:
        import deployment
        with open(words[1]) as file:
            target = json.load(file)
        deployment.configure(target)
        print(deployment.render_agent_conf(target))
        return 0
    return run(words)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
