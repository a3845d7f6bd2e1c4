// Who lives on the amphora's hot-plugged network: a namespace with members and clients, at the other end of a tap device.
import { execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

export const vip = '10.77.0.5';
export const vrrpIp = '10.77.0.4';
export const gateway = '10.77.0.1';
export const subnet = '10.77.0.0/24';
export const additionalVip = '10.77.0.6';
export const members = ['10.77.0.10', '10.77.0.11'];
/** An address of a user, and one that nobody has. */
export const user = '10.77.0.20';
export const nobody = '10.77.0.7';
export const mac = '52:54:00:00:00:77';
// A name of a network device has 15 letters at most.
const suffix = process.pid.toString(36);
/** Where members and users are. */
export const namespace = `amphora-net-${suffix}`;
const tap = `amphtap${suffix}`;
const traffic = join(import.meta.dirname, 'traffic.mjs');

const ip = (...words) => execFileSync('ip', words, { stdio: ['ignore', 'pipe', 'pipe'] });

/** Plugs a port into the machine, and its other end into a namespace where members serve. */
export async function plugNeighbours({ run, machine }) {
  ip('netns', 'add', namespace);
  run.onEnd(() => ip('netns', 'delete', namespace));
  ip('tuntap', 'add', 'dev', tap, 'mode', 'tap');
  await machine.qmp.ask('netdev_add', {
    type: 'tap',
    id: 'vip',
    ifname: tap,
    script: 'no',
    downscript: 'no',
  });
  // qemu has it open: it works on wherever its name goes.
  ip('link', 'set', tap, 'netns', namespace);
  for (const address of [gateway, user, ...members])
    ip('-n', namespace, 'address', 'add', `${address}/24`, 'dev', tap);
  for (const device of ['lo', tap]) ip('-n', namespace, 'link', 'set', device, 'up');
  await machine.qmp.ask('device_add', {
    driver: 'virtio-net-pci',
    netdev: 'vip',
    mac,
    id: 'vip-port',
    bus: 'slot0',
  });
  const serving = start('serve', ...members);
  run.onEnd(() => serving.end());
  await serving.next();
}

/** Keeps calling through the VIP until `end`, which resolves with { sent, failed, reasons, members }. */
export function startClients(port = 80) {
  const clients = start('call', vip, String(port));
  return {
    async end() {
      clients.end();
      return clients.next();
    },
  };
}

/** Sends datagrams to the VIP one after the other; resolves with { sent, answered, members }. */
export async function sendDatagrams(port, count) {
  return start('send', vip, String(port), String(count)).next();
}

function start(...words) {
  const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, traffic, ...words], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async next() {
      const { value, done } = await lines.next();
      if (done) throw new Error(`traffic ${words[0]} ended without a word`);
      return JSON.parse(value);
    },
    end: () => child.stdin.end(),
  };
}
