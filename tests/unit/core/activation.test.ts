// The door for activations, state by state (docs/apply.md), over the whole core on a machine of fakes.

import { describe, expect, it } from '@jest/globals';
import { AgentError } from '../../../agent/model/errors';
import {
  amphoraId,
  createScriptedAmphora,
  firstId as id,
  secondId,
  type ScriptedAmphora,
} from '../../fakes/scripted-amphora';

const first = 'listen a\n bind :80\n';
const second = 'listen b\n bind :81\n';
const certificate = `/var/lib/octavia/certs/${id}/a.pem`;
const crtList = `/var/lib/octavia/certs/${id}/list.txt`;
const withCertificate = `listen a\n bind :443 ssl crt ${certificate}\n`;
const withCrtList = `listen a\n bind :443 ssl crt-list ${crtList}\n`;
const full = new AgentError('no-space', 'No space left on the disk');

const uploaded = async (text = first, amphora?: ScriptedAmphora) => {
  const machine = amphora ?? (await createScriptedAmphora());
  const verbs = () => machine.core().loadBalancers;
  const upload = (wanted: string, which = id, peer = amphoraId): Promise<void> =>
    verbs().upload({ id: which, text: wanted, peer, owner: 'octavia-v0.1' });
  await upload(text);
  return {
    ...machine,
    upload,
    start: (which = id) => machine.pass(verbs().start(which)),
    reload: (which = id) => machine.pass(verbs().reload(which)),
    stop: (which = id) => machine.pass(verbs().stop(which)),
  };
};
const started = async (text = first, amphora?: ScriptedAmphora) => {
  const machine = await uploaded(text, amphora);
  await machine.start();
  return machine;
};
/** Serves `first`, and `second` is stored. */
const changed = async () => {
  const machine = await started();
  await machine.upload(second);
  return machine;
};
const reloadsOf = (amphora: ScriptedAmphora): number =>
  amphora.runner.transcript.filter((line) => line.startsWith('signal SIGUSR2')).length;
const read = (amphora: ScriptedAmphora, file: 'live' | 'running' | 'overlay' | 'serversState') =>
  amphora.files.snapshot()[amphora.paths(id)[file]];
const stateOf = (amphora: ScriptedAmphora, which = id) => amphora.core().state.read(which);
/** All that a failed change must leave as it was. */
const standing = async (amphora: ScriptedAmphora) => ({
  live: read(amphora, 'live'),
  overlay: read(amphora, 'overlay'),
  running: read(amphora, 'running'),
  state: await stateOf(amphora),
  serves: amphora.haproxy.groups().map(({ pid, serves }) => ({ pid, serves })),
});
/** What a failed reload leaves: as before, but the next one is done whatever the record says. */
const inDoubt = (before: Awaited<ReturnType<typeof standing>>) => ({
  ...before,
  state: { ...before.state, running: { ...before.state?.running, unsure: true } },
});
const leftovers = (amphora: ScriptedAmphora): readonly string[] =>
  Object.keys(amphora.files.snapshot()).filter((path) => path.endsWith('.candidate'));

describe('running', () => {
  it('after a start: the text is kept with the digests of what it names', async () => {
    const amphora = await createScriptedAmphora();
    amphora.files.plant(certificate, 'certificate');
    const machine = await started(withCertificate, amphora);
    expect([read(machine, 'live'), read(machine, 'running')]).toEqual([withCertificate, withCertificate]);
    expect((await machine.files.stat(machine.paths(id).running))?.mode).toBe(0o600);
    expect((await stateOf(machine))?.running).toMatchObject({
      peer: amphoraId,
      files: { [certificate]: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(leftovers(machine)).toEqual([]);
  });

  it('after a reload: it is the new text', async () => {
    const machine = await changed();
    const before = (await stateOf(machine))?.running;
    await machine.reload();
    expect([read(machine, 'live'), read(machine, 'running')]).toEqual([second, second]);
    expect((await stateOf(machine))?.running?.text).not.toBe(before?.text);
    expect(leftovers(machine)).toEqual([]);
  });

  it('without root: haproxy reads the text without the lines that only root can honour', async () => {
    const text = `global\n group nogroup\n${first}`;
    const machine = await started(text, await createScriptedAmphora({ userId: 1000 }));
    expect([read(machine, 'live'), read(machine, 'running')]).toEqual([`global\n\n${first}`, text]);
  });
});

describe('unchanged', () => {
  it('is left alone: no signal, and the answer is the running process', async () => {
    const machine = await started();
    const before = await standing(machine);
    const { pid } = before.serves[0]!;
    expect(await machine.reload()).toEqual({ pid, started: false, applied: 'none' });
    expect(reloadsOf(machine)).toBe(0);
    expect(await standing(machine)).toEqual(before);
  });

  it('is told after a restart of the agent, too', async () => {
    const machine = await started();
    await machine.restartAgent();
    await machine.reload();
    expect(reloadsOf(machine)).toBe(0);
  });

  it('is told again after a reload that was a real one', async () => {
    const machine = await changed();
    await machine.reload();
    await machine.reload();
    expect(reloadsOf(machine)).toBe(1);
  });

  it.each<[what: string, change: (amphora: ScriptedAmphora) => unknown]>([
    ['a certificate', ({ files }) => files.plant(certificate, 'renewed')],
    ['the OCSP answer beside a certificate', ({ files }) => files.plant(`${certificate}.ocsp`, 'answer')],
    ['the binary', ({ files }) => files.plant('/usr/sbin/haproxy', 'newer')],
    ['the log socket', ({ files }) => files.plantOther('/dev/log', 'socket')],
  ])('is not what has another content of %s under the same text', async (_what, change) => {
    const amphora = await createScriptedAmphora();
    amphora.files.plant(certificate, 'certificate');
    const machine = await started(withCertificate, amphora);
    change(machine);
    await machine.reload();
    expect(reloadsOf(machine)).toBe(1);
    await machine.reload();
    expect(reloadsOf(machine)).toBe(1);
  });

  it('is not what a crt-list has another certificate for', async () => {
    const amphora = await createScriptedAmphora();
    amphora.files.plant(certificate, 'certificate');
    amphora.files.plant(crtList, `${certificate}\n`);
    const machine = await started(withCrtList, amphora);
    await machine.reload();
    expect(reloadsOf(machine)).toBe(0);
    machine.files.plant(certificate, 'renewed');
    await machine.reload();
    expect(reloadsOf(machine)).toBe(1);
  });

  it('is what has another peer name and no peers: the name stands for nothing', async () => {
    const machine = await started();
    await machine.upload(first, id, 'other-peer');
    await machine.reload();
    expect(reloadsOf(machine)).toBe(0);
    await machine.upload(second, id, 'other-peer');
    await machine.reload();
    expect((await stateOf(machine))?.running).toMatchObject({ peer: amphoraId });
  });

  it('is not what names servers by host: a reload has the names looked up again', async () => {
    const machine = await started(`${first} server m1 web.example:80\n`);
    await machine.reload();
    expect(reloadsOf(machine)).toBe(1);
  });

  it('is not what was started by an agent that kept no record', async () => {
    const machine = await started();
    const { running, ...unrecorded } = (await stateOf(machine))!;
    expect(running).toBeDefined();
    await machine.core().state.write(id, unrecorded);
    await machine.reload();
    expect(reloadsOf(machine)).toBe(1);
  });

  it('is not what a record that could not be written would tell', async () => {
    const machine = await changed();
    const reloading = machine.core().loadBalancers.reload(id);
    while (reloadsOf(machine) === 0) await machine.clock.advance(0);
    machine.files.failNext('writeAtomic', full, /state\.json$/);
    await expect(machine.pass(reloading)).rejects.toBe(full);
    await machine.upload(first);
    await machine.reload();
    expect(machine.haproxy.groups()).toMatchObject([{ serves: [first, expect.anything()] }]);
  });

  it('is not a certificate put back after an agent was killed in a reload with another', async () => {
    const amphora = await createScriptedAmphora();
    amphora.files.plant(certificate, 'first');
    const machine = await started(withCertificate, amphora);
    machine.files.plant(certificate, 'second');
    void machine.core().loadBalancers.reload(id);
    while (reloadsOf(machine) === 0) await machine.clock.advance(0);
    machine.killAgentAt(1);
    machine.files.plant(certificate, 'first');
    await machine.restartAgent();
    await machine.reload();
    expect(reloadsOf(machine)).toBe(2);
  });

  it('is not a worker that does not answer', async () => {
    const machine = await started();
    machine.haproxy.setInfo({ silent: true });
    await expect(machine.reload()).rejects.toMatchObject({ kind: 'reload-failed' });
    expect(reloadsOf(machine)).toBe(1);
  });
});

/** An agent that did not check the upload itself checks it before the reload. */
const changedBefore = async () => {
  const machine = await changed();
  await machine.restartAgent();
  return machine;
};

describe('a candidate', () => {
  const checksOf = (amphora: ScriptedAmphora): number =>
    amphora.runner.transcript.filter((line) => line.includes(' -c ')).length;

  it('is not checked again right after the upload that was', async () => {
    const machine = await changed();
    const checks = checksOf(machine);
    expect(await machine.reload()).toMatchObject({ applied: 'reload' });
    expect(checksOf(machine)).toBe(checks);
  });

  it.each<[what: string, change: (amphora: ScriptedAmphora) => unknown]>([
    ['a certificate', ({ files }) => files.plant(certificate, 'renewed')],
    ['the binary', ({ files }) => files.plant('/usr/sbin/haproxy', 'newer')],
    ['the overlay', ({ files }) => files.plantOther('/dev/log', 'socket')],
  ])('is checked again when %s has changed since', async (_what, change) => {
    const amphora = await createScriptedAmphora();
    amphora.files.plant(certificate, 'certificate');
    const machine = await uploaded(withCertificate, amphora);
    const checks = checksOf(machine);
    change(machine);
    await machine.start();
    expect(checksOf(machine)).toBe(checks + 1);
  });

  it('whose files changed while it was checked at the upload is checked again', async () => {
    const amphora = await createScriptedAmphora();
    amphora.files.plant(certificate, 'certificate');
    amphora.runner.script({
      match: / -c /,
      result: () => {
        amphora.files.plant(certificate, 'renewed');
        return { code: 0 };
      },
    });
    const machine = await uploaded(withCertificate, amphora);
    const checks = checksOf(machine);
    await machine.start();
    expect(checksOf(machine)).toBe(checks + 1);
  });

  it('that names hosts is checked again: they may stand for other addresses', async () => {
    const machine = await uploaded(`${first} server m1 web.example:80\n`);
    const checks = checksOf(machine);
    await machine.start();
    expect(checksOf(machine)).toBe(checks + 1);
  });

  it('that did not come up is checked again', async () => {
    const machine = await changed();
    machine.haproxy.nextReload({ fails: 'no' });
    await expect(machine.reload()).rejects.toMatchObject({ kind: 'reload-failed' });
    const checks = checksOf(machine);
    await machine.reload();
    expect(checksOf(machine)).toBe(checks + 1);
  });

  it('that haproxy refuses changes nothing, and the refusal has haproxy’s words', async () => {
    const machine = await changedBefore();
    const before = await standing(machine);
    machine.haproxy.refuse(/listen b/, 'unable to load a map');
    await expect(machine.reload()).rejects.toMatchObject({
      kind: 'reload-failed',
      message: 'Error reloading haproxy',
      detail: 'unable to load a map',
      cause: expect.objectContaining({ kind: 'config-rejected' }),
    });
    expect(reloadsOf(machine)).toBe(0);
    expect(await standing(machine)).toEqual(before);
    expect(leftovers(machine)).toEqual([]);
  });

  it('whose crt-list names a file outside since the upload is refused by the policy', async () => {
    const amphora = await createScriptedAmphora();
    amphora.files.plant(crtList, `${certificate}\n`);
    const machine = await started(withCrtList, amphora);
    const before = await standing(machine);
    machine.files.plant(crtList, '/etc/shadow\n');
    await expect(machine.reload()).rejects.toMatchObject({
      kind: 'reload-failed',
      detail: expect.stringContaining('/etc/shadow'),
    });
    expect(reloadsOf(machine)).toBe(0);
    expect(await standing(machine)).toEqual(before);
  });

  it('that cannot be checked in time is a timeout, not a refusal', async () => {
    const machine = await changedBefore();
    machine.runner.script({ match: / -c /, result: { code: null, timedOut: true } });
    await expect(machine.reload()).rejects.toMatchObject({ kind: 'timeout' });
    expect(leftovers(machine)).toEqual([]);
  });

  it.each([/live\.cfg\.candidate$/, /overlay\.cfg\.candidate$/])(
    'that cannot be written (%s) changes nothing',
    async (path) => {
      const machine = await changedBefore();
      const before = await standing(machine);
      machine.files.failNext('writeAtomic', full, path);
      await expect(machine.reload()).rejects.toBe(full);
      expect(await standing(machine)).toEqual(before);
      expect(leftovers(machine)).toEqual([]);
    },
  );
});

describe('a port of another listener', () => {
  it('is refused to a start, naming the holder, until the holder is stopped', async () => {
    const machine = await started();
    await machine.upload('listen c\n bind 127.0.0.5:80\n', secondId);
    await expect(machine.start(secondId)).rejects.toMatchObject({
      kind: 'reload-failed',
      message: 'Error starting haproxy',
      detail: `line 2: 127.0.0.5:80 is taken by listener ${id}`,
    });
    expect(machine.haproxy.groups()).toHaveLength(1);
    expect((await stateOf(machine, secondId))?.desired).toBe('stopped');
    await machine.stop();
    expect(await machine.start(secondId)).toMatchObject({ started: true });
  });

  it('is refused to a reload, before any signal', async () => {
    const machine = await changed();
    await machine.upload('listen c\n bind :81\n', secondId);
    await machine.start(secondId);
    const before = await standing(machine);
    await expect(machine.reload()).rejects.toMatchObject({
      message: 'Error reloading haproxy',
      detail: `line 2: *:81 is taken by listener ${secondId}`,
    });
    expect(reloadsOf(machine)).toBe(0);
    expect(await standing(machine)).toEqual(before);
  });

  it('stays its holder’s while that one is down and meant to run, over a restart of the agent', async () => {
    const machine = await started();
    machine.runner.endProcess(machine.haproxy.groups()[0]!.pid);
    await machine.upload('listen c\n bind :80\n', secondId);
    machine.haproxy.nextStart({ fails: 'not yet' });
    machine.haproxy.nextStart({ fails: 'not yet' });
    expect(await machine.restartAgent()).toMatchObject({ failed: [id] });
    await expect(machine.start(secondId)).rejects.toMatchObject({
      detail: `line 2: *:80 is taken by listener ${id}`,
    });
  });

  it('moves in two steps, away from one and then to the other', async () => {
    const machine = await changed();
    await machine.upload('listen c\n bind :80\n', secondId);
    await expect(machine.start(secondId)).rejects.toMatchObject({ kind: 'reload-failed' });
    await machine.reload();
    expect(await machine.start(secondId)).toMatchObject({ started: true });
  });
});

describe('a taken port', () => {
  it('is found before the signal, and the old worker notices nothing', async () => {
    const machine = await changed();
    machine.listeners.add('0.0.0.0:81', 4711);
    const before = await standing(machine);
    await expect(machine.reload()).rejects.toMatchObject({
      kind: 'reload-failed',
      detail: 'line 2: cannot bind socket (Address already in use) for [*:81]: process 4711 listens there',
    });
    expect(reloadsOf(machine)).toBe(0);
    expect(await standing(machine)).toEqual(before);
    machine.listeners.remove('0.0.0.0:81');
    await machine.reload();
    expect(read(machine, 'running')).toBe(second);
  });

  it('that is shared with a group just started ends that group', async () => {
    const machine = await uploaded();
    machine.listeners.add('0.0.0.0:80', 4711);
    await expect(machine.start()).rejects.toMatchObject({
      kind: 'reload-failed',
      message: 'Error starting haproxy',
      detail: 'line 2: cannot bind socket (Address already in use) for [*:80]: process 4711 shares it',
    });
    expect(machine.haproxy.groups()).toEqual([]);
    expect(await stateOf(machine)).toMatchObject({ desired: 'stopped' });
    expect(read(machine, 'running')).toBeUndefined();
    machine.listeners.remove('0.0.0.0:80');
    expect(await machine.start()).toMatchObject({ started: true });
  });

  it('that a started group does not listen on ends that group', async () => {
    const machine = await uploaded();
    machine.listeners.hide('0.0.0.0:80');
    await expect(machine.start()).rejects.toMatchObject({
      detail: 'line 2: haproxy does not listen on *:80',
    });
    expect(machine.haproxy.groups()).toEqual([]);
  });
});

describe('a failed reload', () => {
  it('leaves the old worker, and what haproxy would read is put back', async () => {
    const machine = await changed();
    machine.files.plantOther('/dev/log', 'socket');
    const before = await standing(machine);
    machine.haproxy.nextReload({ fails: '[ALERT] cannot bind' });
    await expect(machine.reload()).rejects.toMatchObject({
      kind: 'reload-failed',
      detail: '[ALERT] cannot bind',
    });
    expect(await standing(machine)).toEqual(inDoubt(before));
    expect(await machine.core().loadBalancers.config(id)).toBe(second);
  });

  it('gives the ports that it wanted back', async () => {
    const machine = await changed();
    machine.haproxy.nextReload({ fails: 'no' });
    await expect(machine.reload()).rejects.toMatchObject({ kind: 'reload-failed' });
    await machine.upload('listen c\n bind :81\n', secondId);
    expect(await machine.start(secondId)).toMatchObject({ started: true });
  });

  it('keeps the ports that it has', async () => {
    const machine = await changed();
    machine.haproxy.nextReload({ fails: 'no' });
    await expect(machine.reload()).rejects.toMatchObject({ kind: 'reload-failed' });
    await machine.upload('listen c\n bind :80\n', secondId);
    await expect(machine.start(secondId)).rejects.toMatchObject({ kind: 'reload-failed' });
  });

  it('is followed by a real one', async () => {
    const machine = await changed();
    machine.haproxy.nextReload({ fails: 'no' });
    await expect(machine.reload()).rejects.toMatchObject({ kind: 'reload-failed' });
    await machine.reload();
    expect(machine.haproxy.groups()).toMatchObject([{ serves: [second, expect.anything()] }]);
    expect(read(machine, 'running')).toBe(second);
  });

  it.each([/live\.cfg$/, /overlay\.cfg$/])('at the write of %s sends no signal', async (path) => {
    const machine = await changed();
    const before = await standing(machine);
    machine.files.failNext('writeAtomic', full, path);
    await expect(machine.reload()).rejects.toBe(full);
    expect(reloadsOf(machine)).toBe(0);
    expect(await standing(machine)).toEqual(before);
  });
});

describe('a reload that haproxy did and that cannot stand', () => {
  /** Reloads, and once the signal is out somebody else listens on the new port. */
  const raced = async (machine: Awaited<ReturnType<typeof changed>>): Promise<unknown> => {
    const reloading = machine.core().loadBalancers.reload(id);
    while (reloadsOf(machine) === 0) await machine.clock.advance(0);
    machine.listeners.add('0.0.0.0:81', 4711);
    return machine.pass(reloading);
  };

  it('is taken back: the group serves again what it served', async () => {
    const machine = await changed();
    const before = await standing(machine);
    await expect(raced(machine)).rejects.toMatchObject({
      kind: 'reload-failed',
      detail: expect.stringContaining('process 4711 shares it'),
    });
    expect(await standing(machine)).toEqual(inDoubt(before));
    expect(reloadsOf(machine)).toBe(2);
  });

  it('is taken back, too, when what runs cannot be written down', async () => {
    const machine = await changed();
    const before = await standing(machine);
    machine.files.failNext('writeAtomic', full, /running\.cfg$/);
    await expect(machine.reload()).rejects.toBe(full);
    expect(await standing(machine)).toEqual(inDoubt(before));
  });

  it('is told by its own reason, and the log by the other, when even that fails', async () => {
    const machine = await changed();
    machine.haproxy.nextReload('serves');
    machine.haproxy.nextReload({ fails: 'not back either' });
    await expect(raced(machine)).rejects.toMatchObject({ detail: expect.stringContaining('4711') });
    expect(machine.log.entries.at(-1)).toMatchObject({
      level: 'error',
      fields: { detail: 'not back either' },
    });
  });
});

describe('another peer name', () => {
  const withPeers = `${second}peers p\n bind :1025\n server other-peer\n`;

  it('is refused by a reload when there are peers, saying what to do; nothing has changed', async () => {
    const machine = await started();
    await machine.upload(withPeers, id, 'other-peer');
    const before = await standing(machine);
    await expect(machine.reload()).rejects.toMatchObject({
      kind: 'reload-failed',
      message: 'Error reloading haproxy',
      detail: `haproxy runs with the peer name "${amphoraId}", which a reload does not change to "other-peer": stop it and start it`,
    });
    expect(await standing(machine)).toEqual(before);
    expect(reloadsOf(machine)).toBe(0);
  });

  it('is the name after a stop and a start, and a reload then goes by it', async () => {
    const machine = await started();
    await machine.upload(withPeers, id, 'other-peer');
    await machine.stop();
    await machine.start();
    expect(machine.haproxy.groups()).toMatchObject([{ peer: 'other-peer' }]);
    await machine.upload(withPeers.replace(':81', ':82'), id, 'other-peer');
    await machine.reload();
    expect(reloadsOf(machine)).toBe(1);
  });
});

describe('the state of servers', () => {
  const table = '1\n# be_id be_name\n3 pool 1 m1\n';
  const named = `global\n server-state-file /var/lib/octavia/${id}/servers-state\n`;

  it('is saved before the signal when the configuration names it, with a newline at its end', async () => {
    const machine = await started(named + first);
    machine.haproxy.setServersState(`${table}\n`);
    await machine.upload(named + second);
    machine.haproxy.nextReload({ fails: 'the new worker never read it' });
    await expect(machine.reload()).rejects.toMatchObject({ kind: 'reload-failed' });
    expect(read(machine, 'serversState')).toBe(table);
  });

  it('is not saved when the configuration does not name it', async () => {
    const machine = await changed();
    await machine.reload();
    expect(reloadsOf(machine)).toBe(1);
    expect(read(machine, 'serversState')).toBeUndefined();
  });
});

describe('fallback', () => {
  /** `first` ran last, `second` is stored and does not come up. */
  const fallen = async () => {
    const machine = await changed();
    machine.runner.endProcess(machine.haproxy.groups()[0]!.pid);
    machine.haproxy.refuse(/listen b/, 'certificate gone');
    return machine;
  };

  it('runs what ran last when the stored configuration does not come up, and says so', async () => {
    const machine = await fallen();
    expect(await machine.restartAgent()).toEqual({ adopted: [], started: [id], failed: [] });
    expect(machine.haproxy.groups()).toMatchObject([{ serves: [first, expect.anything()] }]);
    expect(await stateOf(machine)).toMatchObject({ desired: 'running', running: { fallback: true } });
    expect(await machine.core().loadBalancers.config(id)).toBe(second);
    expect(machine.log.entries).toContainEqual({
      level: 'error',
      message: expect.stringContaining('the stored configuration does not come up'),
      fields: { loadBalancer: id, detail: 'certificate gone' },
    });
  });

  it('is left by the next reload, which is never "unchanged"', async () => {
    const machine = await fallen();
    await machine.restartAgent();
    machine.haproxy.refuse(undefined);
    await machine.reload();
    expect(machine.haproxy.groups()).toMatchObject([{ serves: [second, expect.anything()] }]);
    expect((await stateOf(machine))?.running?.fallback).toBeUndefined();
  });

  it('is left by a real reload even when the stored text is again the one that runs', async () => {
    const machine = await fallen();
    await machine.restartAgent();
    await machine.upload(first);
    await machine.reload();
    expect(reloadsOf(machine)).toBe(1);
    await machine.reload();
    expect(reloadsOf(machine)).toBe(1);
  });

  it('is adopted as what it is by the next agent', async () => {
    const machine = await fallen();
    await machine.restartAgent();
    expect(await machine.restartAgent()).toMatchObject({ adopted: [id] });
    expect((await stateOf(machine))?.running?.fallback).toBe(true);
  });

  it('that does not come up either is a failure, and it is still meant to run', async () => {
    const machine = await fallen();
    machine.haproxy.refuse(/listen/, 'all gone');
    expect(await machine.restartAgent()).toMatchObject({ failed: [id] });
    expect(machine.haproxy.groups()).toEqual([]);
    expect((await stateOf(machine))?.desired).toBe('running');
  });

  it('is not for a start by a controller, who is told what is wrong', async () => {
    const machine = await fallen();
    await expect(machine.start()).rejects.toMatchObject({ detail: 'certificate gone' });
    expect(machine.haproxy.groups()).toEqual([]);
  });
});
