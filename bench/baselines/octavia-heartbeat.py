"""CPU seconds that Octavia's own agent takes for a heartbeat of a running haproxy: its functions, called as it calls
them. Whether haproxy runs is not asked (it would start systemctl), and no datagram is sent."""
import json
import logging
import resource
import sys
import time

from oslo_config import cfg

from octavia.amphorae.backends.health_daemon import health_daemon
from octavia.amphorae.backends.health_daemon import status_message
from octavia.common import config  # noqa: F401

base_path, amphora_id, load_balancer, stats_socket, key, rounds = sys.argv[1:]
logging.disable(logging.CRITICAL)
cfg.CONF([], project='octavia')
cfg.CONF.set_override('base_path', base_path, group='haproxy_amphora')
cfg.CONF.set_override('amphora_id', amphora_id, group='amphora_agent')
health_daemon.list_sock_stat_files = lambda hadir=None: {load_balancer: stats_socket}
health_daemon.util.is_lb_running = lambda lb_id: True
health_daemon.util.get_lvs_listeners = lambda: []


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


seconds = []
walls = []
size = 0
listeners = 0
for _ in range(int(rounds) + 1):
    before = cpu()
    begun = time.monotonic()
    message = health_daemon.build_stats_message()
    size = len(status_message.wrap_envelope(message, key))
    seconds.append(cpu() - before)
    walls.append(time.monotonic() - begun)
    listeners = len(message['listeners'])
print(json.dumps({'seconds': seconds[1:], 'walls': walls[1:], 'bytes': size, 'listeners': listeners}))
