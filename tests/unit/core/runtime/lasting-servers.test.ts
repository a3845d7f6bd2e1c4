// Servers added at run time outlive reloads, restarts and the agent: over the whole core on a machine of fakes.

import { describe, expect, it } from '@jest/globals';
import { AgentError } from '../../../../agent/model/errors';
import { amphoraId, createScriptedAmphora, firstId as id } from '../../../fakes/scripted-amphora';

const text = (port: number, more = ''): string =>
  `listen a\n bind :${port}\nbackend b\n server m1 192.0.2.1:80\n${more}`;
const added = { backend: 'b', name: 'n1', address: '192.0.2.9', port: 80, check: true };
const line = '    server n1 192.0.2.9:80 check';
const done = () => Promise.resolve();

const serving = async () => {
  const amphora = await createScriptedAmphora();
  const paths = amphora.paths(id);
  const core = () => amphora.core();
  const upload = (wanted: string) =>
    core().loadBalancers.upload({ id, text: wanted, peer: amphoraId, owner: 'octavia-v0.1' });
  await upload(text(80));
  await amphora.pass(core().loadBalancers.start(id));
  return {
    ...amphora,
    upload,
    add: (wanted = true) => core().lastingServers.add(id, added, wanted, done),
    remove: (name = 'n1') => core().lastingServers.remove(id, { backend: 'b', name }, done),
    reload: () => amphora.pass(core().loadBalancers.reload(id)),
    file: (path: 'live' | 'runtimeServers' | 'config') => amphora.files.snapshot()[paths[path]],
    serves: () => amphora.haproxy.groups()[0]?.serves[0],
    reloads: () => amphora.haproxy.groups()[0]?.reloads,
    messages: () => amphora.log.entries.map(({ message }) => message),
  };
};

describe('a server added at run time', () => {
  it('is in what haproxy reads next, while the upload stays byte for byte', async () => {
    const machine = await serving();
    expect(await machine.add()).toEqual({ kept: true });
    expect(machine.file('live')).toContain(line);
    expect(machine.file('config')).toBe(text(80));
    expect(await machine.core().loadBalancers.config(id)).toBe(text(80));
  });

  it('makes no reload necessary: one that changes nothing else is none', async () => {
    const machine = await serving();
    await machine.add();
    await machine.reload();
    expect(machine.reloads()).toBe(0);
  });

  it('is there after a reload, a new start of haproxy and a new agent', async () => {
    const machine = await serving();
    await machine.add();
    await machine.upload(text(81));
    await machine.reload();
    expect(machine.serves()).toContain(line);
    await machine.pass(machine.core().loadBalancers.stop(id));
    await machine.restartAgent();
    await machine.pass(machine.core().loadBalancers.start(id));
    expect(machine.serves()).toContain(line);
    expect((await machine.core().lastingServers.kept(id)).servers).toEqual([added]);
  });

  it('is gone after a reload when that was wanted', async () => {
    const machine = await serving();
    expect(await machine.add(false)).toEqual({ kept: false, reason: 'not asked for' });
    expect(machine.file('runtimeServers')).toBeUndefined();
  });

  it('keeps its drain over a reload', async () => {
    const machine = await serving();
    await machine.add();
    await machine.upload(text(81));
    await machine.reload();
    const tell = (command: string) =>
      machine.sockets.request(machine.paths(id).masterSocket, `@1 ${command}`, { timeoutMs: 1 });
    await tell('set server b/n1 state drain');
    await machine.upload(text(82));
    await machine.reload();
    expect(await tell('show servers state')).toMatch(/ n1 192\.0\.2\.9 2 8 /);
  });

  it('is not kept when haproxy refuses the configuration with it, and says so', async () => {
    const machine = await serving();
    machine.haproxy.refuse(/server n1/, "[ALERT] 'server n1' : no");
    expect(await machine.add()).toEqual({ kept: false, reason: "[ALERT] 'server n1' : no" });
    expect(machine.file('live')).not.toContain(line);
    expect(machine.file('runtimeServers')).toBeUndefined();
  });

  it('is not kept when the stored configuration names it already', async () => {
    const machine = await serving();
    await machine.upload(text(80, ' server n1 192.0.2.9:80\n'));
    expect(await machine.add()).toMatchObject({ kept: false });
  });

  it('is not kept on a full disk, and in use all the same', async () => {
    const machine = await serving();
    machine.files.failNext('writeAtomic', new AgentError('no-space', 'full'), /runtime-servers/);
    expect(await machine.add()).toEqual({ kept: false, reason: 'full' });
  });

  it('that haproxy refuses to add leaves nothing behind', async () => {
    const machine = await serving();
    const refuse = () => Promise.reject(new AgentError('conflict', 'no'));
    await expect(machine.core().lastingServers.add(id, added, true, refuse)).rejects.toThrow('no');
    expect(machine.file('runtimeServers')).toBeUndefined();
  });
});

describe('removing it', () => {
  it('takes it out of what is kept and of what haproxy reads next', async () => {
    const machine = await serving();
    await machine.add();
    expect(await machine.remove()).toBe(true);
    expect(machine.file('runtimeServers')).toBeUndefined();
    expect(machine.file('live')).toBe(text(80));
  });

  it('does not last for a server of the upload', async () => {
    const machine = await serving();
    expect(await machine.remove('m1')).toBe(false);
  });
});

describe('an upload', () => {
  it.each([
    ['names the server itself', text(81, ' server n1 192.0.2.9:80\n')],
    ['has no such backend any more', 'listen a\n bind :81\nbackend c\n'],
  ])('that %s has the last word: it is forgotten at the reload', async (_, wanted) => {
    const machine = await serving();
    await machine.add();
    await machine.upload(wanted);
    await machine.reload();
    expect(machine.serves()).toBe(wanted);
    expect(machine.file('runtimeServers')).toBeUndefined();
    expect(machine.messages()).toContain(
      'servers added at run time forgotten: the configuration has the last word',
    );
  });

  it('with which haproxy refuses a kept server is neither refused nor kept from running', async () => {
    const machine = await serving();
    await machine.add();
    machine.haproxy.refuse(/server n1/, "[ALERT] 'server n1' : no");
    await machine.upload(text(81));
    await machine.reload();
    expect(machine.serves()).toBe(text(81));
    expect(await machine.core().lastingServers.kept(id)).toMatchObject({
      leftOut: "[ALERT] 'server n1' : no",
    });
    expect(await machine.core().findings.all()).toContainEqual(
      expect.objectContaining({ check: 'runtime-servers', severity: 'warning' }),
    );
    machine.haproxy.refuse(undefined);
    await machine.reload();
    expect(machine.serves()).toContain(line);
    expect(await machine.core().lastingServers.kept(id)).toEqual({ servers: [added] });
  });
});

describe('a list of a newer agent', () => {
  it('is not written over', async () => {
    const machine = await serving();
    machine.files.plant(machine.paths(id).runtimeServers, '{"schema":9}', 0o600);
    expect(await machine.add()).toMatchObject({ kept: false });
    expect(machine.file('runtimeServers')).toBe('{"schema":9}');
  });
});

describe('a spoiled list', () => {
  it.each(['{', '{"schema":1,"servers":[{"backend":"b"}]}', '{"schema":9}'])(
    'is left where it is, and keeps nothing from running: %s',
    async (content) => {
      const machine = await serving();
      machine.files.plant(machine.paths(id).runtimeServers, content, 0o600);
      await machine.upload(text(81));
      await machine.reload();
      expect(machine.serves()).toBe(text(81));
      expect(machine.file('runtimeServers')).toBe(content);
    },
  );
});
