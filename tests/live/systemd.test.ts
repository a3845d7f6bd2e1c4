// The process manager over a real systemd.

import { readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createNodeClock } from '../../agent/host/node/clock';
import { createNodeFiles } from '../../agent/host/node/files';
import { createNodeSystem } from '../../agent/host/node/system';
import { createDirectSupervisor } from '../../agent/supervisor/direct';
import { createSystemdSupervisor } from '../../agent/supervisor/systemd';
import { itKeepsItsPromises, scripts, specOf } from '../contracts/supervisor-cases';
import { missing, startManager, type Manager } from './systemd/manager';

if (missing !== undefined) process.stderr.write(`skipped: no ${missing}, so no systemd to run units\n`);

let manager: Manager;

const host = () => ({
  runner: manager.runner,
  clock: createNodeClock(),
  system: createNodeSystem(),
  files: createNodeFiles(),
});

beforeAll(async () => {
  if (missing === undefined) manager = await startManager();
});
afterAll(async () => {
  if (missing === undefined) await manager.end();
});

(missing === undefined ? describe : describe.skip)('a real systemd', () => {
  itKeepsItsPromises(() => {
    const logPath = join(manager.folder, 'service.log');
    return Promise.resolve({
      ...host(),
      supervisor: createSystemdSupervisor({ ...host(), namespace: '' }),
      other: createDirectSupervisor(host()),
      logPath,
      reloads: async () => (await readFile(logPath, 'utf8')).split('reload\n').length - 1,
      pass: (job) => job,
      clean: () => rm(logPath, { force: true }),
    });
  });

  it('gives a service its own cgroup in amphorad.slice, its limits, and a log for root alone', async () => {
    const supervisor = createSystemdSupervisor({ ...host(), namespace: '' });
    const spec = { ...specOf(join(manager.folder, 'own.log'), scripts.obedient), name: 'haproxy-1' };
    const { process: service } = await supervisor.start(spec);
    try {
      const read = (name: string): string => readFileSync(`/proc/${service.pid}/${name}`, 'utf8');
      expect(read('cgroup')).toContain('/amphorad.slice/amphorad-haproxy-1.service\n');
      expect(read('limits')).toMatch(/^Max open files +\d+ +(1048576|\d{4,6}) /m);
      expect(read('status')).toMatch(/^Umask:\t0077$/m);
      expect(read('environ').split('\0')).toEqual(expect.arrayContaining(['LC_ALL=C', 'TZ=UTC']));
      expect(read('environ')).not.toContain('NOTIFY_SOCKET');
      const log = await createNodeFiles().stat(spec.logPath);
      expect(log).toMatchObject({ kind: 'file', mode: 0o600 });
    } finally {
      await supervisor.stop(service, 5_000);
    }
  });
});
