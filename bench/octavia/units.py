#!/usr/bin/python3 -IS
"""Starts and stops what a unit says, for systemctl's stand-in. Type=notify is honoured; what dies is not started again."""
import os
import shlex
import signal
import socket
import subprocess
import sys
import time

UNITS = '/usr/lib/systemd/system'
RUN = '/run/systemd'
READY_S = 15.0


def read_unit(name):
    """The lines of a unit as (key, value) pairs, in their order."""
    try:
        with open(os.path.join(UNITS, name)) as file:
            lines = [line.strip() for line in file]
    except OSError:
        sys.exit('Unit %s not found.' % name)
    return [tuple(line.split('=', 1)) for line in lines if '=' in line and line[0] not in '#;[']


def values(unit, key):
    return [value for each, value in unit if each == key]


def expand(unit, line):
    known = {}
    for value in values(unit, 'Environment'):
        known.update(word.split('=', 1) for word in shlex.split(value))
    words = []
    for word in shlex.split(line):
        for key in sorted(known, key=len, reverse=True):
            word = word.replace('$' + key, known[key])
        words.append(word)
    return words


def run(words):
    return subprocess.call(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def pid_file(name):
    return os.path.join(RUN, name + '.pid')


def main_pid(name):
    try:
        with open(pid_file(name)) as file:
            pid = int(file.read())
        with open('/proc/%d/stat' % pid) as file:
            return None if file.read().rsplit(')', 1)[1].split()[0] == 'Z' else pid
    except (OSError, ValueError):
        return None


def start(name):
    if main_pid(name):
        return 0
    unit = read_unit(name)
    if any(run(expand(unit, line)) for line in values(unit, 'ExecStartPre')):
        return 1
    environment = dict(os.environ)
    notify = None
    if 'notify' in values(unit, 'Type'):
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        environment['NOTIFY_SOCKET'] = os.path.join(RUN, 'notify-%d' % os.getpid())
        notify.bind(environment['NOTIFY_SOCKET'])
        notify.settimeout(0.2)
    child = subprocess.Popen(
        expand(unit, values(unit, 'ExecStart')[-1]),
        env=environment, start_new_session=True, close_fds=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(pid_file(name), 'w') as file:
        file.write(str(child.pid))
    if notify is None:
        return 0
    try:
        return 0 if is_ready(notify, child) else 1
    finally:
        os.remove(environment['NOTIFY_SOCKET'])


def is_ready(notify, child):
    end = time.monotonic() + READY_S
    while time.monotonic() < end and child.poll() is None:
        try:
            if b'READY=1' in notify.recv(4096):
                return True
        except socket.timeout:
            pass
    return False


def stop(name):
    pid = main_pid(name)
    if pid:
        os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + READY_S
        while main_pid(name) and time.monotonic() < end:
            time.sleep(0.02)
        if main_pid(name):
            os.kill(pid, signal.SIGKILL)
        # The agent looks at /proc: gone is what is reaped.
        while os.path.exists('/proc/%d' % pid) and time.monotonic() < end:
            time.sleep(0.02)
    return 0


def main(words):
    names = [word for word in words if not word.startswith('-')]
    verb = names[0] if names else ''
    verbs = {'start': start, 'stop': stop,
             'restart': lambda name: stop(name) or start(name),
             'is-active': lambda name: 0 if main_pid(name) else 3}
    if verb not in verbs:
        return 0
    name = names[1] if '.' in names[1].rsplit('/', 1)[-1] else names[1] + '.service'
    return verbs[verb](name)


sys.exit(main(sys.argv[1:]))
