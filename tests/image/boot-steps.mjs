// The image boots by its own boot loader, takes its seed and answers.
import assert from 'node:assert/strict';
import { eventually } from './run.mjs';

const bootMs = 400_000;
const secondsSince = (ms) => ((Date.now() - ms) / 1000).toFixed(0);

/** Pairs of a title and what is done. */
export const bootSteps = [
  [
    'it boots from its disk and answers over mTLS, as the amphora that the seed names',
    async ({ controller, amphoraId, startedMs }) => {
      const info = await eventually(() => controller.info(3000), bootMs);
      assert.equal(info.hostname, `amphora-${amphoraId}`);
      return `/1.0/info ${secondsSince(startedMs)} s after power on (emulated), haproxy ${info.haproxy_version}`;
    },
  ],
  [
    'nothing has failed at boot',
    async ({ machine }) => {
      await machine.shell.ready(bootMs);
      const failed = await machine.shell.run(
        'systemctl is-system-running --wait; systemctl --failed --no-legend --plain',
        bootMs,
      );
      assert.match(failed, /^(running|starting)$/);
      const times = await machine.shell.run('systemd-analyze time | head -n 1');
      const rss = await machine.shell.run('ps -o rss= -p $(systemctl show -P MainPID amphora-agent.service)');
      return `${times.replace('Startup finished in ', '')}; the agent has ${Math.round(Number(rss) / 1024)} MiB`;
    },
  ],
  [
    'heartbeats arrive and verify',
    async ({ healthManager, amphoraId }) => {
      await healthManager.of(amphoraId).next(() => true, { timeoutMs: 30_000 });
      assert.deepEqual(healthManager.refused, []);
    },
  ],
];
