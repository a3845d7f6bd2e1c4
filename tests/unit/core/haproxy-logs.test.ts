// haproxy's own log files stay bounded while it runs.

import { expect, it } from '@jest/globals';
import { boundHaproxyLogs, trimHaproxyLogs } from '../../../agent/core/haproxy-logs';
import { internal } from '../../../agent/model/errors';
import { parseListenerUuid } from '../../../agent/model/ids';
import { createHandClock } from '../../fakes/hand-clock';
import { createMemoryFiles } from '../../fakes/memory-files';
import { createRecordedLog } from '../../fakes/recorded-log';

const id = parseListenerUuid('0a000000-0000-4000-8000-000000000001');
const path = `/b/${id}/haproxy.log`;
const roots = { basePath: '/b', certDir: '/c', runtimeDir: '/b' };
const setUp = (bytes: number) => ({
  files: createMemoryFiles({ [path]: 'x'.repeat(bytes) }),
  log: createRecordedLog(),
  clock: createHandClock(),
  roots,
  loadBalancers: { ids: () => Promise.resolve([id]) },
});

it('one over 4 MiB is emptied in place, and the log says so', async () => {
  const deps = setUp(4 * 1024 * 1024 + 1);
  await trimHaproxyLogs(deps);
  expect(deps.files.snapshot()[path]).toBe('');
  expect(deps.log.messages('warning')).toEqual(['haproxy log emptied, it was too long']);
});

it('a shorter one is left alone', async () => {
  const deps = setUp(1_000);
  await trimHaproxyLogs(deps);
  expect(deps.files.snapshot()[path]).toHaveLength(1_000);
});

it('is looked at every ten seconds, until aborted; what goes wrong is logged', async () => {
  const deps = setUp(4 * 1024 * 1024 + 1);
  const aborter = new AbortController();
  boundHaproxyLogs(deps, aborter.signal);
  deps.files.failNext('truncate', internal('no'));
  await deps.clock.advance(10_000);
  expect(deps.log.messages('warning')).toEqual(['haproxy logs are not bounded']);
  await deps.clock.advance(10_000);
  expect(deps.files.snapshot()[path]).toBe('');
  aborter.abort();
});
