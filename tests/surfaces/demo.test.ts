// The demo as a user runs it, against an agent of its own: the main job from upload to deletion, with real haproxy.

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

interface DemoResult {
  readonly ok: boolean;
  readonly agent: { readonly own: boolean; readonly pid: number };
  readonly distribution: {
    readonly requests: number;
    readonly answered: number;
    readonly perMember: Readonly<Record<string, number>>;
  };
  readonly tls: {
    readonly requests: number;
    readonly answered: number;
    readonly perMember: Readonly<Record<string, number>>;
  };
  readonly reload: {
    readonly requests: number;
    readonly failed: number;
    readonly removed: string;
    readonly afterwards: Readonly<Record<string, number>>;
  };
  readonly statusAfterStop: string;
  readonly afterDelete: number;
}

const script = join(__dirname, '..', '..', 'scripts', 'demo.mjs');
const deadlineMs = 60_000;

describe('npm run demo', () => {
  let emptyState: string;
  let result: DemoResult;

  beforeAll(async () => {
    // Nobody has announced an agent here, so the demo starts its own, whatever runs in ./var.
    emptyState = await mkdtemp(join(tmpdir(), 'amphorad-demo-test-'));
    // A demo that exits with another status than 0 rejects here, with what it wrote to stderr.
    const ran = await promisify(execFile)(process.execPath, [script, '--json', '--state', emptyState], {
      timeout: deadlineMs - 5_000,
    });
    result = JSON.parse(ran.stdout) as DemoResult;
  }, deadlineMs);

  afterAll(() => rm(emptyState, { recursive: true, force: true }));

  it('gets every request answered, by both members', () => {
    expect(result.ok).toBe(true);
    expect(result.distribution).toMatchObject({ requests: 100, answered: 100 });
    const { alpha = 0, beta = 0 } = result.distribution.perMember;
    expect(alpha).toBeGreaterThan(0);
    expect(beta).toBeGreaterThan(0);
    expect(alpha + beta).toBe(100);
  });

  it('gets every request over HTTPS answered by a server that proves the uploaded certificate’s name', () => {
    expect(result.tls).toMatchObject({ name: 'demo.example', requests: 20, answered: 20 });
    const { alpha = 0, beta = 0 } = result.tls.perMember;
    expect(alpha).toBeGreaterThan(0);
    expect(beta).toBeGreaterThan(0);
    expect(alpha + beta).toBe(20);
  });

  it('fails no request while it reloads, and sends the removed member none afterwards', () => {
    expect(result.reload.requests).toBeGreaterThan(0);
    expect(result.reload.failed).toBe(0);
    expect(result.reload.removed).toBe('alpha');
    expect(result.reload.afterwards).toEqual({ beta: 100 });
  });

  it('stops and deletes what it made', () => {
    expect(result).toMatchObject({ statusAfterStop: 'STOPPED', afterDelete: 404 });
  });

  it('ends the agent that it started', () => {
    expect(result.agent.own).toBe(true);
    expect(() => process.kill(result.agent.pid, 0)).toThrow('ESRCH');
  });
});
