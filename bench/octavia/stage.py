#!/usr/bin/python3 -IS
"""The amphora that the real Octavia agent believes it is on, in a mount namespace of its own: usage: stage.py DIRECTORY
PID 1 is called systemd, units, state and logs lie under DIRECTORY, and the namespace amphora-haproxy is the one of the
machine, so that its listeners are on the same loopback as ours. Swallows what is logged to syslog, and ends, the
mounts with it, when its stdin ends."""
import os
import select
import socket
import subprocess
import sys

directory = sys.argv[1]
NAMESPACE = '/run/netns/amphora-haproxy'


def mount(*words):
    subprocess.run(('mount',) + words, check=True)


def own(name, place):
    os.makedirs(os.path.join(directory, name), exist_ok=True)
    mount('--bind', os.path.join(directory, name), place)


mount('--make-rprivate', '/')
comm = os.path.join(directory, 'comm')
with open(comm, 'w') as file:
    file.write('systemd\n')
mount('--bind', comm, '/proc/1/comm')
own('lib', '/var/lib/octavia')
own('units', '/usr/lib/systemd/system')
for place in ('/run/systemd', '/run/rsyslog', '/run/netns', '/var/log'):
    mount('-t', 'tmpfs', 'amphora', place)
for place in ('/run/rsyslog/octavia', '/run/systemd/system'):
    os.makedirs(place)
with open(NAMESPACE, 'w'):
    pass
mount('--bind', '/proc/self/ns/net', NAMESPACE)
with open('/var/lib/octavia/haproxy-default-user-group.conf', 'w') as file:
    file.write('global\n\tgroup nogroup\n')

sink = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sink.bind('/run/rsyslog/octavia/log')
os.chmod('/run/rsyslog/octavia/log', 0o666)
print('ready', flush=True)
while True:
    readable, _, _ = select.select([sink, 0], [], [])
    if 0 in readable and os.read(0, 1) == b'':
        break
    if sink in readable:
        sink.recv(65536)
