// What an agent can still do once its life in this process is over.

import { describe, expect, it } from '@jest/globals';
import type { AgentHost } from '../../../agent/boot/wire-host';
import { createGate } from '../../../agent/testing/gate';
import { createHandClock } from '../../fakes/hand-clock';
import { createMemoryFiles } from '../../fakes/memory-files';

function scene() {
  const clock = createHandClock();
  const files = createMemoryFiles({ '/lib/kept': 'text' });
  const started: string[] = [];
  let letGo = (): void => undefined;
  const runner = {
    startDetached: ([program = '']: readonly string[]) => {
      started.push(program);
      return new Promise((resolve) => (letGo = () => resolve({ pid: 7 })));
    },
  };
  const gate = createGate({ clock, files, runner } as unknown as AgentHost);
  return { clock, files, started, gate, letGo: () => letGo() };
}

describe('the gate before the host of a life', () => {
  it('lets everything through until it is closed, and then nothing that changes the machine', async () => {
    const { gate, files, started } = scene();
    const { host } = gate;
    await host.files.writeAtomic('/lib/before', 'text', 0o600);
    await gate.close();
    const over = { kind: 'unavailable', message: 'the agent was stopped meanwhile' };
    await expect(host.files.writeAtomic('/lib/after', 'text', 0o600)).rejects.toMatchObject(over);
    await expect(host.files.makeDirectory('/lib/new', 0o700)).rejects.toMatchObject(over);
    await expect(host.files.remove('/lib/kept')).rejects.toMatchObject(over);
    await expect(host.runner.startDetached(['haproxy'], { logPath: '/log' })).rejects.toMatchObject(over);
    expect(await host.files.list('/lib')).toEqual(['before', 'kept']);
    expect(await files.readText('/lib/kept')).toBe('text');
    expect(started).toEqual([]);
  });

  it('is closed when what was under way is done', async () => {
    const { gate, letGo } = scene();
    const told: string[] = [];
    void gate.host.runner.startDetached(['haproxy'], { logPath: '/log' }).then(() => told.push('started'));
    const closed = gate.close().then(() => told.push('closed'));
    letGo();
    await closed;
    expect(told).toEqual(['started', 'closed']);
  });

  it('does not wait for ever', async () => {
    const { gate, clock } = scene();
    void gate.host.runner.startDetached(['haproxy'], { logPath: '/log' });
    const closed = gate.close();
    await clock.advance(2_000);
    await closed;
  });
});
