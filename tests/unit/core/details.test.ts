// What an amphora tells about itself, over the fakes of floor 1.

import { describe, expect, it } from '@jest/globals';

import type { DetailsDeps } from '../../../agent/core/details';
import { createDetails } from '../../../agent/core/details';
import { createPackageVersions } from '../../../agent/core/packages';
import { createTrafficRates } from '../../../agent/core/rates';
import { AgentError } from '../../../agent/model/errors';
import type { LoadBalancerId } from '../../../agent/model/ids';
import { parseAmphoraId, parseListenerUuid } from '../../../agent/model/ids';
import { createHandClock } from '../../fakes/hand-clock';
import { createLiteralSystem } from '../../fakes/literal-system';
import { createMemoryFiles } from '../../fakes/memory-files';

const amphoraId = parseAmphoraId('3bed1bdf-57ac-4a1b-b4b9-e3bd3b2a3b52');
const listener = parseListenerUuid('e2dfddc0-5b9e-11e4-8ed6-0800200c9a66');

const installed = (name: string, version: string): string =>
  `Package: ${name}\nStatus: install ok installed\nVersion: ${version}\n`;
const allInstalled = [
  installed('haproxy', '2.6.12-1+deb12u2'),
  installed('keepalived', '1:2.2.7-1+b2'),
  installed('openssl', '3.0.19-1~deb12u2'),
  installed('ipvsadm', '1:1.31-1'),
].join('\n');

const setUp = (changes: Partial<DetailsDeps> = {}, status = allInstalled) => {
  const clock = createHandClock();
  const system = createLiteralSystem();
  const files = createMemoryFiles({ '/var/lib/dpkg/status': status });
  const balancers: { ids: readonly LoadBalancerId[]; running: number } = { ids: [listener], running: 1 };
  const details = createDetails({
    system,
    files,
    clock,
    rates: createTrafficRates({ sample: () => system.traffic(), clock }),
    packages: createPackageVersions(files),
    haproxyCommand: '/usr/sbin/haproxy',
    binaryVersion: () => Promise.resolve('2.8.3'),
    loadBalancers: () => Promise.resolve({ ...balancers }),
    agentVersion: '0.1.0',
    amphoraId,
    ...changes,
  });
  return { clock, system, files, balancers, details };
};

describe('info', () => {
  it('tells who the amphora is, with the version of the installed haproxy', async () => {
    expect(await setUp().details.info()).toEqual({
      hostname: 'amphora-1',
      amphoraId,
      haproxyVersion: '2.6.12-1+deb12u2',
      keepalivedVersion: '1:2.2.7-1+b2',
      ipvsadmVersion: '1:1.31-1',
    });
  });

  it("tells the binary's own version when another binary is configured", async () => {
    const { details } = setUp({ haproxyCommand: '/opt/haproxy/sbin/haproxy' });
    expect((await details.info()).haproxyVersion).toBe('2.8.3');
  });

  it("tells the binary's own version when dpkg does not know haproxy", async () => {
    const { details } = setUp({}, installed('openssl', '3.0.19'));
    expect((await details.info()).haproxyVersion).toBe('2.8.3');
  });

  it('fails when nobody knows the version, and recovers', async () => {
    const outcomes = [
      () => Promise.reject(new AgentError('unavailable', 'cannot start haproxy')),
      () => Promise.resolve('2.8.3'),
    ];
    const { details } = setUp({ binaryVersion: () => outcomes.shift()!() }, '');
    await expect(details.info()).rejects.toMatchObject({ kind: 'unavailable' });
    expect((await details.info()).haproxyVersion).toBe('2.8.3');
  });
});

describe('details', () => {
  it('tells all there is to know', async () => {
    const { clock, system, files, details } = setUp();
    files.setSpace({ usedKb: 2_000, availableKb: 8_000 });
    await details.details();
    await clock.advance(10_000);
    const cpu = await system.cpuTimes();
    system.set({
      cpu: { ...cpu, user: cpu.user + 300, system: cpu.system + 50, idle: cpu.idle + 650 },
      traffic: [
        { name: 'lo', received: 9_999, sent: 9_999 },
        { name: 'eth0', received: 179_050_000, sent: 794_000 },
      ],
    });
    expect(await details.details()).toEqual({
      hostname: 'amphora-1',
      amphoraId,
      haproxyVersion: '2.6.12-1+deb12u2',
      keepalivedVersion: '1:2.2.7-1+b2',
      ipvsadmVersion: '1:1.31-1',
      networks: [{ name: 'eth0', received: 5_000, sent: 1_000 }],
      traffic: [{ name: 'eth0', received: 179_050_000, sent: 794_000 }],
      cpuTimes: await system.cpuTimes(),
      cpuCount: 2,
      haproxyCount: 1,
      cpu: { total: 0.35, user: 0.3, system: 0.05, softIrq: 0 },
      memory: await system.memory(),
      disk: { usedKb: 2_000, availableKb: 8_000 },
      load: [0.2, 0.1, 0.02],
      packages: [
        { name: 'haproxy', version: '2.6.12-1+deb12u2' },
        { name: 'keepalived', version: '1:2.2.7-1+b2' },
        { name: 'openssl', version: '3.0.19-1~deb12u2' },
        { name: 'amphorad', version: '0.1.0' },
      ],
      loadBalancers: [listener],
    });
  });

  it('has no keepalived version where there is no keepalived', async () => {
    const told = await setUp({}, installed('haproxy', '2.6.12')).details.details();
    expect(told.keepalivedVersion).toBeUndefined();
    expect(told.packages.map(({ name }) => name)).toEqual(['haproxy', 'amphorad']);
  });

  it('reuses facts of the machine for a second', async () => {
    const { clock, system, details } = setUp();
    await details.details();
    system.set({ load: [9, 9, 9] });
    await clock.advance(1_000);
    expect((await details.details()).load).toEqual([0.2, 0.1, 0.02]);
    await clock.advance(1);
    expect((await details.details()).load).toEqual([9, 9, 9]);
  });

  it('shows a load balancer that was removed a moment ago as gone', async () => {
    const { balancers, details } = setUp();
    await details.details();
    Object.assign(balancers, { ids: [], running: 0 });
    expect(await details.details()).toMatchObject({ loadBalancers: [], haproxyCount: 0 });
  });

  it('says which fact could not be read', async () => {
    const { files, details } = setUp();
    files.failNext('space', new AgentError('unavailable', 'cannot measure a file system'));
    await expect(details.details()).rejects.toThrow('cannot measure a file system');
    expect((await details.details()).disk.usedKb).toBeGreaterThan(0);
  });
});
