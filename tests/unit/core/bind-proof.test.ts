// Proof that ports are a load balancer's own: what is found before a signal and after it.

import { describe, expect, it } from '@jest/globals';
import { createBindProof } from '../../../agent/core/bind-proof';
import { readBinds } from '../../../agent/haproxy/binds';
import { haproxyPaths } from '../../../agent/haproxy/paths';
import { createHaproxyProcess } from '../../../agent/haproxy/process';
import { parseListenerUuid } from '../../../agent/model/ids';
import { createListListening } from '../../../agent/network/listening';
import { createDirectSupervisor } from '../../../agent/supervisor/direct';
import { createHandClock } from '../../fakes/hand-clock';
import { createLiteralSystem } from '../../fakes/literal-system';
import { createMemoryFiles } from '../../fakes/memory-files';
import { passTime } from '../../fakes/pass-time';
import { createRecordedLog } from '../../fakes/recorded-log';
import { installHaproxy } from '../../fakes/scripted-haproxy';
import { installListeners } from '../../fakes/scripted-listeners';
import { createScriptedRunner } from '../../fakes/scripted-runner';
import { createScriptedSockets } from '../../fakes/scripted-socket';

const roots = { basePath: '/b', certDir: '/c', runtimeDir: '/b' };
const paths = haproxyPaths(roots, parseListenerUuid('0a000000-0000-4000-8000-000000000001'));
const failure = 'Error reloading haproxy';
const job = { paths, peer: 'me' };

/** A group that serves `text`. */
const setUp = async (text: string, here: readonly string[] = ['10.0.0.5', '10.0.0.6', '2001:db8::1']) => {
  const files = createMemoryFiles({
    [paths.live]: text,
    [paths.overlay]: `global\n stats socket ${paths.adminSocket} level admin\n`,
  });
  const runner = createScriptedRunner();
  const sockets = createScriptedSockets();
  const clock = createHandClock();
  const haproxy = installHaproxy({ files, runner, sockets });
  const listeners = installListeners(runner, haproxy);
  const supervisor = createDirectSupervisor({ runner, system: createLiteralSystem(), clock });
  const driver = createHaproxyProcess({
    supervisor,
    sockets,
    files,
    clock,
    binary: '/usr/sbin/haproxy',
    through: [],
  });
  const log = createRecordedLog();
  const asked: string[] = [];
  const proof = createBindProof({
    haproxy: driver,
    listListening: createListListening(runner, ''),
    canBind: (address) => {
      asked.push(address);
      return Promise.resolve(address === '*' || address === '::' || here.includes(address));
    },
    log,
  });
  const process = await passTime(clock, driver.start(job));
  return {
    listeners,
    runner,
    log,
    asked,
    worker: haproxy.groups()[0]?.worker ?? 0,
    reload: () => passTime(clock, driver.reload(job, process)),
    requireOurs: (wanted = text) => proof.requireOurs(paths, readBinds(wanted, 'me'), failure),
    refuseTaken: (wanted = text) => proof.refuseTaken(paths, readBinds(wanted, 'me'), failure),
  };
};
const listen = (...addresses: readonly string[]): string =>
  `listen a\n${addresses.map((address) => ` bind ${address}\n`).join('')}`;
const refusal = (detail: unknown) => ({ kind: 'reload-failed', message: failure, detail });

describe('after a start or reload', () => {
  it.each([
    [listen('10.0.0.5:80')],
    [listen(':80')],
    [listen(':::80')],
    [listen(':::80 v6only', ':80')],
    [listen('2001:db8::1:80')],
  ])('%j is proven when this group alone listens there', async (text) => {
    const { requireOurs, log } = await setUp(text);
    await requireOurs();
    expect(log.entries).toEqual([]);
  });

  it('a bind that haproxy does not listen on is named', async () => {
    const { listeners, requireOurs } = await setUp(listen('10.0.0.5:80', '10.0.0.5:81'));
    listeners.hide('10.0.0.5:81');
    await expect(requireOurs()).rejects.toMatchObject(
      refusal('line 3: haproxy does not listen on 10.0.0.5:81'),
    );
  });

  it.each<[wanted: string, served: string, where: string]>([
    [':80', '10.0.0.5:80', '*:80'],
    [':::80', '10.0.0.5:80', '[::]:80'],
    [':::80', ':80', '[::]:80'],
    ['10.0.0.5:80', ':80', '10.0.0.5:80'],
    ['2001:db8::1:80', ':::80 v6only', '[2001:db8::1]:80'],
  ])('%s is not proven by a socket at %s', async (wanted, served, where) => {
    const { requireOurs } = await setUp(listen(served));
    await expect(requireOurs(listen(wanted))).rejects.toMatchObject(
      refusal(`line 2: haproxy does not listen on ${where}`),
    );
  });

  it.each([
    ['the same address', '10.0.0.5:80', 4711, 'process 4711 shares it'],
    ['all addresses', '0.0.0.0:80', 4711, 'process 4711 shares it'],
    ['all addresses by way of IPv6', '*:80', 4711, 'process 4711 shares it'],
    ['what we may not see', '10.0.0.5:80', undefined, 'another process shares it'],
  ])('a port that another process shares is refused: %s', async (_what, local, pid, who) => {
    const { listeners, requireOurs } = await setUp(listen('10.0.0.5:80'));
    listeners.add(local, pid);
    await expect(requireOurs()).rejects.toMatchObject(
      refusal(`line 2: cannot bind socket (Address already in use) for [10.0.0.5:80]: ${who}`),
    );
  });

  it.each(['10.0.0.6:80', '10.0.0.5:81', '[::]:80'])(
    'another process at %s disturbs nobody',
    async (local) => {
      const { listeners, requireOurs } = await setUp(listen('10.0.0.5:80'));
      listeners.add(local, 4711);
      await requireOurs();
    },
  );

  it('an old worker that still listens is one of this group', async () => {
    const { listeners, worker, reload, requireOurs } = await setUp(listen('10.0.0.5:80'));
    await reload();
    listeners.add('10.0.0.5:80', worker);
    await requireOurs();
  });

  it('names of hosts, datagrams and UNIX sockets are left to haproxy', async () => {
    const { requireOurs } = await setUp(listen('10.0.0.5:80'));
    await requireOurs(listen('10.0.0.5:80', 'lb.example:81', 'quic4@10.0.0.5:443', '/run/x.sock'));
  });

  it('without any port nobody is asked', async () => {
    const { runner, requireOurs } = await setUp(listen('10.0.0.5:80'));
    await requireOurs(listen('lb.example:81'));
    expect(runner.transcript.filter((line) => line.startsWith('ss'))).toEqual([]);
  });
});

describe('before a reload', () => {
  it('a new port that is free, or our own already, is let pass', async () => {
    const { refuseTaken } = await setUp(listen('10.0.0.5:80'));
    await refuseTaken(listen('10.0.0.5:80', '10.0.0.6:81'));
  });

  it('a port that another process has is refused, naming line and process', async () => {
    const { listeners, refuseTaken } = await setUp(listen('10.0.0.5:80'));
    listeners.add('0.0.0.0:81', 4711);
    await expect(refuseTaken(listen('10.0.0.5:80', '10.0.0.6:81'))).rejects.toMatchObject(
      refusal(
        'line 3: cannot bind socket (Address already in use) for [10.0.0.6:81]: process 4711 listens there',
      ),
    );
  });

  it('an address that is not on this machine is refused, unless it is bound transparently', async () => {
    const { refuseTaken } = await setUp(listen('10.0.0.5:80'));
    await refuseTaken(listen('10.9.9.9:80 transparent'));
    await expect(refuseTaken(listen('10.9.9.9:80 transparent', '10.9.9.9:81'))).rejects.toMatchObject(
      refusal('line 3: cannot bind socket (Cannot assign requested address) for [10.9.9.9:81]'),
    );
  });

  it('an address is looked for once, however many of its ports are wanted', async () => {
    const { asked, refuseTaken } = await setUp(listen('10.0.0.5:80'));
    await refuseTaken(listen('10.0.0.5:1000-3000', '10.0.0.6:1000-3000'));
    expect(asked).toEqual(['10.0.0.5', '10.0.0.6']);
  });
});

describe('a machine without a working ss', () => {
  it.each([
    ['fails', { result: { code: 255, stderr: 'no netlink' } }],
    ['is not installed', { cannotStart: 'ENOENT' }],
  ])('(it %s) proves nothing, lets pass and says so', async (_what, rule) => {
    const { runner, log, listeners, requireOurs, refuseTaken } = await setUp(listen('10.0.0.5:80'));
    listeners.add('10.0.0.5:80', 4711);
    runner.script({ match: /^ss/, ...rule });
    await refuseTaken();
    await requireOurs();
    expect(log.messages('warning')).toHaveLength(2);
  });

  it('hides nothing that nobody foresaw', async () => {
    const { runner, requireOurs } = await setUp(listen('10.0.0.5:80'));
    runner.script({ match: /^ss/, result: () => Promise.reject(new TypeError('unforeseen')) });
    await expect(requireOurs()).rejects.toThrow('unforeseen');
  });
});
