// `amphorad doctor --fix`: what it puts right, what it leaves, and that a second time there is nothing to do.

import { describe, expect, it } from '@jest/globals';
import { AgentError } from '../../../agent/model/errors';
import { answering, id, well, type Machine } from './doctor-scene';

const fixedIn = (text: string): readonly string[] =>
  text.split('\n').filter((line) => line.startsWith('fixed'));
const fix = async (machine: Machine): Promise<readonly string[]> =>
  fixedIn((await machine.run(false, true)).text);

describe('amphorad doctor --fix', () => {
  it('finds nothing to do on a healthy amphora', async () => {
    const machine = await answering();
    const before = machine.files.snapshot();
    expect(await fix(machine)).toEqual([]);
    expect(machine.files.snapshot()).toEqual(before);
  });

  it('takes away what a killed agent left, says each thing, and has nothing to do the second time', async () => {
    const machine = well();
    const left = [`${id}/haproxy.cfg.candidate`, `${id}/.state.json.0123456789ab.tmp`];
    for (const name of left) machine.files.plant(`/var/lib/octavia/${name}`, 'x');
    const done = await fix(machine);
    expect([...done].sort()).toEqual(
      left.map((name) => `fixed    leftovers: removed /var/lib/octavia/${name}`).sort(),
    );
    expect(await machine.files.stat(`/var/lib/octavia/${id}/haproxy.cfg`)).toBeDefined();
    expect(machine.localServers.paths()).toEqual([]);
    expect(await fix(machine)).toEqual([]);
  });

  it('leaves leftovers alone while an agent is there: it may be in the middle of a change', async () => {
    const machine = await answering();
    machine.files.plant(`/var/lib/octavia/${id}/haproxy.cfg.candidate`, 'x');
    expect(await fix(machine)).toEqual([]);
    expect(await machine.files.stat(`/var/lib/octavia/${id}/haproxy.cfg.candidate`)).toBeDefined();
  });

  it('also while one has the lock and does not answer yet', async () => {
    const machine = well();
    machine.files.plant(`/var/lib/octavia/${id}/haproxy.cfg.candidate`, 'x');
    const { device, inode } = (await machine.files.stat('/var/lib/octavia'))!;
    await machine.localServers.serve(`\0amphorad-${device}-${inode}`, () => '{"pid":5}');
    const { text } = await machine.run(false, true);
    expect(text).toMatch(/leftovers: This could not be put right: another agent, pid 5, has base_path/);
    expect(await machine.files.stat(`/var/lib/octavia/${id}/haproxy.cfg.candidate`)).toBeDefined();
  });

  it('makes directories, takes rights from others, closes sockets', async () => {
    const machine = await answering();
    await machine.files.remove('/var/lib/octavia/certs');
    await machine.files.changeMode('/var/lib/octavia', 0o777);
    machine.files.plantOther(`/var/lib/octavia/${id}/master.sock`, 'socket');
    await machine.files.changeMode(`/var/lib/octavia/${id}/master.sock`, 0o666);
    expect(await fix(machine)).toEqual([
      'fixed    directories: made /var/lib/octavia/certs',
      'fixed    directories: took the right to write in /var/lib/octavia from others than its owner',
      `fixed    sockets: set the mode of /var/lib/octavia/${id}/master.sock to 600`,
    ]);
    const modeOf = async (path: string): Promise<number | undefined> =>
      (await machine.files.stat(path))?.mode;
    expect([await modeOf('/var/lib/octavia'), await modeOf('/var/lib/octavia/certs')]).toEqual([
      0o755, 0o700,
    ]);
    expect(await fix(machine)).toEqual([]);
  });

  it('sets what the namespace needs', async () => {
    const machine = await answering('[amphorad]\nnetwork_namespace = amphora-haproxy\n');
    machine.files.plant('/run/netns/amphora-haproxy', '');
    machine.files.plant('/proc/self/ns/net', '');
    const off = new Set(['net.ipv4.ip_nonlocal_bind']);
    machine.runner.script({
      match: /sysctl/,
      result: (argv) => {
        const [key = ''] = (argv.at(-1) ?? '').split('=');
        if (argv.includes('-w')) off.delete(key);
        return { stdout: off.has(key) ? '0\n' : '1\n' };
      },
    });
    machine.runner.script({ match: /nft|arping|ndptool|ip -V|ip .*link|ip .*-j/, result: { stdout: '[]' } });
    expect(await fix(machine)).toEqual([
      'fixed    network-settings: set net.ipv4.ip_nonlocal_bind to 1 in the namespace',
    ]);
    expect(await fix(machine)).toEqual([]);
  });

  it('what it may not do is a finding that says who may, and the rest goes on', async () => {
    const machine = await answering();
    await machine.files.changeMode('/var/lib/octavia', 0o777);
    machine.files.failNext(
      'changeMode',
      new AgentError('unavailable', 'Cannot change a mode', { detail: 'EPERM' }),
    );
    const { text, status } = await machine.run(false, true);
    expect(text).toMatch(
      /directories: This could not be put right: Cannot change a mode: EPERM\n.*\n +do: .*as root/,
    );
    expect(text).toContain('ok       server-certificate');
    expect(status).toBe(1);
  });
});
