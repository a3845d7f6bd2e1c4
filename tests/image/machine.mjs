// One amphora under qemu, emulated: its disk is never written, its management port answers on a port of loopback, its
// console goes to a file, a root shell waits on its second serial port and QMP on a socket.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openQmp } from './qmp.mjs';
import { openShell } from './shell.mjs';

const guestPort = 9443;
const endMs = 10_000;
/** The UEFI that Debian has for qemu. */
export const uefi = '/usr/share/ovmf/OVMF.fd';
// Ports for hot-plugged devices, as compute services prepare them.
const freeSlots = 4;

/** Starts it; resolves once qemu has opened its sockets. */
export async function startMachine({
  directory,
  image,
  seed,
  port,
  isUefi = false,
  cores = 2,
  memoryMiB = 1024,
}) {
  const consolePath = join(directory, 'console.log');
  // The machine's own firmware is a BIOS.
  const bios = isUefi ? ['-bios', uefi] : [];
  const sockets = { shell: join(directory, 'shell.sock'), qmp: join(directory, 'qmp.sock') };
  const words = [
    ...['-nodefaults', '-display', 'none', '-machine', 'q35', '-accel', 'tcg,thread=multi', '-cpu', 'qemu64'],
    ...bios,
    ...['-smp', String(cores), '-m', `${memoryMiB}M`, '-device', 'virtio-rng-pci'],
    ...['-drive', `file=${image},if=virtio,snapshot=on`],
    ...['-drive', `file=${seed},if=virtio,format=raw,readonly=on`],
    // The guest reaches the machine as 10.0.2.2, and no other address.
    ...['-netdev', `user,id=management,hostfwd=tcp:127.0.0.1:${port}-:${guestPort}`],
    ...['-device', 'virtio-net-pci,netdev=management,mac=52:54:00:00:00:01'],
    ...Array.from({ length: freeSlots }, (_, at) => [
      '-device',
      `pcie-root-port,id=slot${at},chassis=${at + 1}`,
    ]).flat(),
    ...['-serial', `file:${consolePath}`, '-serial', `unix:${sockets.shell},server=on,wait=off`],
    ...['-qmp', `unix:${sockets.qmp},server=on,wait=off`],
  ];
  const log = openSync(join(directory, 'qemu.log'), 'w');
  const child = spawn('nice', ['-n', '5', 'qemu-system-x86_64', ...words], { stdio: ['ignore', log, log] });
  closeSync(log);
  const ended = once(child, 'exit');
  await socketOpens(sockets.qmp, child, join(directory, 'qemu.log'));
  const qmp = await openQmp(sockets.qmp);
  const shell = openShell(sockets.shell);
  return {
    qmp,
    shell,
    /** Whether it has been rebooted. */
    hasReset: () => qmp.resets() > 0,
    console: () => readFileSync(consolePath, 'utf8'),
    async stop() {
      shell.close();
      qmp.close();
      child.kill('SIGTERM');
      const timer = new AbortController();
      await Promise.race([ended, pause(endMs, undefined, { signal: timer.signal }).catch(() => undefined)]);
      timer.abort();
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    },
  };
}

async function socketOpens(path, child, logPath) {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`qemu: ${readFileSync(logPath, 'utf8').slice(-500)}`);
    const socket = createConnection(path);
    const opened = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (opened) return;
    await pause(100);
  }
}
