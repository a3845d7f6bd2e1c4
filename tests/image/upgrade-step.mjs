// The package of another version is installed while users call. It comes as a disk: the guest has no network for it.
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { eventually } from './run.mjs';
import { underLoad } from './traffic-steps.mjs';
import { agent, haproxy, mainPid } from './units.mjs';

const backMs = 120_000;
const installMs = 300_000;
const device = '/dev/disk/by-id/virtio-upgrade';
const installed = "dpkg-query -W -f '${Version}' amphorad-bundled";

/** A pair of a title and what is done. */
export const upgradeStep = [
  'the package upgraded under load: no request fails, haproxy stays',
  async ({ machine, controller, upgrade }) => {
    const [haproxyBefore, agentBefore] = [await mainPid(machine, haproxy), await mainPid(machine, agent)];
    const versionBefore = await machine.shell.run(installed);
    await plugDisk(machine, upgrade);
    const found = await underLoad(async () => {
      const install = `head -c ${statSync(upgrade).size} ${device} >/var/tmp/new.deb && dpkg -i /var/tmp/new.deb`;
      await machine.shell.run(install, installMs);
      await eventually(() => controller.info(), backMs);
    });
    const version = await machine.shell.run(installed);
    assert.notEqual(version, versionBefore);
    assert.notEqual(await mainPid(machine, agent), agentBefore, 'the agent of the version before still runs');
    assert.equal(await mainPid(machine, haproxy), haproxyBefore);
    return `${versionBefore} to ${version}, ${found.sent} requests, ${found.failed} failed`;
  },
];

async function plugDisk(machine, path) {
  const file = { driver: 'file', filename: path };
  await machine.qmp.ask('blockdev-add', { 'node-name': 'upgrade', driver: 'raw', 'read-only': true, file });
  await machine.qmp.ask('device_add', {
    driver: 'virtio-blk-pci',
    drive: 'upgrade',
    id: 'upgrade-disk',
    serial: 'upgrade',
    bus: 'slot1',
  });
  await eventually(() => machine.shell.run(`test -e ${device} && echo there`), backMs);
}
