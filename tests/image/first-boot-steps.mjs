// A first boot by UEFI, with a config drive as Octavia's compute driver makes it, of which one file is wrong and one missing.
import assert from 'node:assert/strict';
import { eventually } from './run.mjs';

const bootMs = 400_000;
const backMs = 120_000;
const agent = 'amphora-agent.service';
const conf = '/etc/octavia/amphora-agent.conf';
const certificate = '/etc/octavia/certs/server.pem';

/** What `systemctl status` says once it has the word; the console must have it too. */
function refusal(machine, word) {
  return eventually(async () => {
    const text = await machine.shell.run(`systemctl show -P StatusText ${agent}`);
    return text.includes(word) && machine.console().includes(word) ? text : undefined;
  }, backMs);
}

function write(machine, path, text) {
  return machine.shell.run(`base64 -d >${path} <<'E'\n${Buffer.from(text).toString('base64')}\nE`);
}

/** Pairs of a title and what is done. */
export const firstBootSteps = [
  [
    'by UEFI and with a config drive: an agent.conf that cannot be read is told on the console and in the status',
    async ({ machine }) => {
      await machine.shell.ready(bootMs);
      return refusal(machine, conf);
    },
  ],
  [
    'that put right, the missing certificate is told',
    async ({ machine, files }) => {
      await write(machine, conf, files[conf]);
      return refusal(machine, certificate);
    },
  ],
  [
    'that put right, it answers without a reboot or a second start',
    async ({ machine, files, controller }) => {
      await write(machine, certificate, files[certificate]);
      await eventually(() => controller.info(), backMs);
      assert.equal(await machine.shell.run(`systemctl show -P NRestarts ${agent}`), '0');
      assert.equal(await machine.shell.run('test -d /sys/firmware/efi && echo uefi'), 'uefi');
    },
  ],
];
