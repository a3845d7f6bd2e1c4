// What happens to an amphora in its life: its processes die, it is upgraded and rebooted, its files are wrong.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { startClients } from './neighbours.mjs';
import { eventually } from './run.mjs';
import { agent, haproxy, mainPid } from './units.mjs';
import { underLoad } from './traffic-steps.mjs';
import { upgradeStep } from './upgrade-step.mjs';

const backMs = 120_000;
const bootMs = 400_000;

/** Pairs of a title and what is done. */
export const lifeSteps = [
  [
    'the agent restarted, stopped and started under load: no request fails, haproxy stays',
    async ({ machine, controller }) => {
      const before = await mainPid(machine, haproxy);
      const found = await underLoad(async () => {
        await machine.shell.run(`systemctl restart ${agent}`, backMs);
        await machine.shell.run(`systemctl stop ${agent}`, backMs);
        await machine.shell.run(`systemctl start ${agent}`, backMs);
        await eventually(() => controller.info(), backMs);
      });
      assert.equal(await mainPid(machine, haproxy), before);
      return `${found.sent} requests, ${found.failed} failed`;
    },
  ],
  [
    'the agent killed -9 under load: systemd brings it back, no request fails',
    async ({ machine, controller }) => {
      const found = await underLoad(async () => {
        const before = await mainPid(machine, agent);
        await machine.shell.run(`systemctl kill --signal=KILL ${agent}`);
        await eventually(async () => {
          await controller.info();
          const now = await mainPid(machine, agent);
          return now === before ? undefined : now;
        }, backMs);
      });
      return `${found.sent} requests, ${found.failed} failed`;
    },
  ],
  [
    'an agent that hangs: the watchdog ends it, and systemd brings it back, no request fails',
    async ({ machine, controller }) => {
      const found = await underLoad(async () => {
        const before = await mainPid(machine, agent);
        // It answers before systemd has heard that it is there, and until then nobody watches.
        await eventually(() => machine.shell.run(`systemctl is-active ${agent}`), backMs);
        await machine.shell.run(`systemctl kill --kill-whom=main --signal=STOP ${agent}`);
        await eventually(async () => {
          const now = await mainPid(machine, agent);
          return now === before || now === '0' ? undefined : now;
        }, backMs);
        await eventually(() => controller.info(), backMs);
      });
      return `${found.sent} requests, ${found.failed} failed`;
    },
  ],
  [
    'haproxy killed -9: it is brought back, and serves',
    async ({ machine }) => {
      const before = await mainPid(machine, haproxy);
      await machine.shell.run(`systemctl kill --signal=KILL ${haproxy}`);
      await eventually(async () => {
        const now = await mainPid(machine, haproxy).catch(() => '0');
        return now === before || now === '0' ? undefined : now;
      }, backMs);
      await serves();
    },
  ],
  [
    "the agent's certificate rotated",
    async ({ controller, pki, amphoraId }) => {
      const server = pki.issueServer(amphoraId);
      const { fingerprint256 } = new X509Certificate(server.certificatePem);
      assert.notEqual(await controller.shown(), fingerprint256);
      await controller.call('PUT', '/1.0/certificate', `${server.keyPem}${server.certificatePem}`);
      await eventually(
        async () => ((await controller.shown()) === fingerprint256 ? true : undefined),
        backMs,
      );
      await controller.info();
    },
  ],
  [
    'exposure of the units, as they run',
    async ({ machine }) => {
      const exposure = async (unit) => {
        const told = await machine.shell.run(
          `systemd-analyze security --no-pager ${unit} | tail -n 1`,
          backMs,
        );
        return /: ([\d.]+)/.exec(told)?.[1] ?? 'unknown';
      };
      const units = await machine.shell.run(
        "systemctl list-units --plain --no-legend 'amphorad-*.service' | cut -d' ' -f1",
      );
      const found = [];
      for (const unit of [agent, ...units.split('\n')])
        found.push(`${unit.replace(/-[0-9a-f-]{36}/, '')} ${await exposure(unit)}`);
      return found.join(', ');
    },
  ],
  upgradeStep,
  [
    'without its certificate it refuses, says so on the console, and recovers when the file is back',
    async ({ machine, controller }) => {
      const path = '/etc/octavia/certs/server.pem';
      await machine.shell.run(`mv ${path} /root/server.pem && systemctl restart ${agent}`, backMs);
      const status = await eventually(async () => {
        const text = await machine.shell.run(`systemctl show -P StatusText ${agent}`);
        return text.startsWith('refusing') ? text : undefined;
      }, backMs);
      assert.ok(machine.console().includes('server.pem'), 'nothing on the console');
      await machine.shell.run(`mv /root/server.pem ${path}`);
      await eventually(() => controller.info(), backMs);
      return status;
    },
  ],
  [
    'after a reboot all of it is back',
    async ({ machine, controller, healthManager, amphoraId }) => {
      const before = await machine.shell.run('cat /proc/sys/kernel/random/boot_id');
      await machine.shell.run('systemctl --no-block reboot');
      await eventually(() => (machine.hasReset() ? true : undefined), backMs);
      await machine.shell.ready(bootMs);
      assert.notEqual(await machine.shell.run('cat /proc/sys/kernel/random/boot_id'), before);
      await eventually(() => controller.info(3000), bootMs);
      await eventually(() => serves(), backMs);
      await healthManager.of(amphoraId).next(() => true, { timeoutMs: 30_000 });
    },
  ],
];

/** Whether requests through the VIP are answered again; rejects when one is not. */
async function serves() {
  await eventually(async () => {
    const clients = startClients();
    const found = await clients.end();
    return found.failed === 0 && found.sent > 0 ? found : undefined;
  }, backMs);
  return true;
}
