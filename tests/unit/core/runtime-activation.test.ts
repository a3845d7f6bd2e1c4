// A reload call that needs no reload, over the whole core on a machine of fakes: what haproxy is told, what is read back,
// and that every doubt ends in a reload after which haproxy is as the file says.

import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { AgentError } from '../../../agent/model/errors';
import { pkiFixture as fixture } from '../../fixtures/pki/fixture';
import { amphoraId, createScriptedAmphora, firstId as id } from '../../fakes/scripted-amphora';
import type { SocketAnswer } from '../../fakes/scripted-socket';

const certificate = `/var/lib/octavia/certs/${id}/a.pem`;
const config = (servers: readonly string[], rest = ''): string =>
  `listen a\n bind :80${rest}\nbackend b\n balance roundrobin\n${servers.map((line) => ` server ${line}\n`).join('')}`;
const two = ['m1 192.0.2.1:80', 'm2 192.0.2.2:80'];

const serving = async (servers: readonly string[] = two, { rest = '', local = '' } = {}) => {
  const amphora = await createScriptedAmphora({
    local: `[amphorad]\nnetwork_namespace =\n${local}`,
  });
  const verbs = () => amphora.core().loadBalancers;
  const { masterSocket } = amphora.paths(id);
  amphora.files.plant(certificate, fixture('ec.crt') + fixture('ec.key'));
  const upload = (text: string) => verbs().upload({ id, text, peer: amphoraId, owner: 'octavia-v0.1' });
  const tell = (command: string) => amphora.sockets.request(masterSocket, `@1 ${command}`, { timeoutMs: 1 });
  await upload(config(servers, rest));
  await amphora.pass(verbs().start(id));
  const [{ worker } = { worker: 0 }] = amphora.haproxy.groups();
  return {
    ...amphora,
    worker,
    upload,
    tell,
    reload: () => amphora.pass(verbs().reload(id)),
    follow: async (wanted: readonly string[], other = rest) => {
      await upload(config(wanted, other));
      return amphora.pass(verbs().reload(id));
    },
    /** Address, admin state, weight of each server. */
    servers: async (): Promise<Readonly<Record<string, string>>> => {
      const rows = (await tell('show servers state')).trim().split('\n').slice(2);
      return Object.fromEntries(
        rows.map((row) => {
          const cells = row.split(' ');
          return [cells[3] ?? '', `${cells[4]}:${cells[18]} ${cells[6]} ${cells[7]}`];
        }),
      );
    },
    signals: () => amphora.runner.transcript.filter((line) => line.startsWith('signal')).length,
    told: () =>
      amphora.sockets.transcript.flatMap((line) => {
        const [, commands] = /: (@!\d+ (?:set|add|del|enable|commit|abort) .*)$/.exec(line) ?? [];
        return commands?.replaceAll(`@!${worker} `, '') ?? [];
      }),
    reasons: () =>
      amphora.log.entries.flatMap(({ message, fields }) =>
        message === 'haproxy reloaded' ? [fields['reason']] : [],
      ),
    warnings: () =>
      amphora.log.entries.filter(({ message }) => message === 'change without a reload given up'),
    /** Whoever asks the worker this by its pid gets that. */
    lie: (line: RegExp, answer: SocketAnswer | ((line: string) => SocketAnswer | undefined)) =>
      amphora.sockets.script({
        line,
        answer: (command) =>
          command.startsWith('@!') ? (typeof answer === 'function' ? answer(command) : answer) : undefined,
      }),
    record: async () => (await amphora.core().state.read(id))?.running,
  };
};

describe('a change that haproxy can do itself', () => {
  it('is told to it in few lines, and the worker stays', async () => {
    const machine = await serving();
    const wanted = ['m1 192.0.2.1:80 weight 7', 'm2 192.0.2.9:81', 'm3 192.0.2.3:80 check'];
    expect(await machine.follow(wanted)).toMatchObject({ started: false, applied: 'runtime' });
    expect(machine.signals()).toBe(0);
    expect(machine.told()).toEqual([
      expect.stringMatching(
        /^add server b\/m3 192\.0\.2\.3:80 check[^;]*;enable health b\/m3;enable server b\/m3;set server b\/m2 addr 192\.0\.2\.9 port 81;set server b\/m1 weight 7$/,
      ),
    ]);
    expect(await machine.servers()).toEqual({
      m1: '192.0.2.1:80 0 7',
      m2: '192.0.2.9:81 0 1',
      m3: '192.0.2.3:80 0 1',
    });
  });

  it('is recorded as what runs: the same again changes nothing, also for the next agent', async () => {
    const machine = await serving();
    await machine.follow(['m1 192.0.2.1:80 weight 7', two[1]!]);
    const text = config(['m1 192.0.2.1:80 weight 7', two[1]!]);
    const { live, running } = machine.paths(id);
    expect([machine.files.snapshot()[live], machine.files.snapshot()[running]]).toEqual([text, text]);
    expect(await machine.record()).not.toHaveProperty('unsure');
    expect(await machine.reload()).toMatchObject({ applied: 'none' });
    await machine.restartAgent();
    expect(await machine.reload()).toMatchObject({ applied: 'none' });
    expect(machine.signals()).toBe(0);
  });

  it('is on disk as a doubt before the first command, with the servers that it is about', async () => {
    const machine = await serving();
    const seen: unknown[] = [];
    machine.lie(/set server/, () => {
      seen.push(JSON.parse(machine.files.snapshot()[machine.paths(id).state] ?? ''));
      return undefined;
    });
    await machine.follow([two[0]!, 'm2 192.0.2.2:80 weight 3']);
    expect(seen).toMatchObject([{ running: { unsure: true, touched: ['b/m2'] } }]);
  });

  it('is logged with the number of changes', async () => {
    const machine = await serving();
    await machine.follow([two[0]!, 'm2 192.0.2.2:80 weight 3']);
    expect(machine.log.entries).toContainEqual({
      level: 'info',
      message: 'haproxy follows without a reload',
      fields: { loadBalancer: id, pid: machine.haproxy.groups()[0]?.pid, changes: 1 },
    });
  });

  it('takes a server out of traffic before it removes it', async () => {
    const machine = await serving();
    expect(await machine.follow([two[0]!])).toMatchObject({ applied: 'runtime' });
    expect(machine.told()).toEqual(['set server b/m2 state maint', 'del server b/m2']);
    expect(Object.keys(await machine.servers())).toEqual(['m1']);
  });

  it('waits a moment for the sessions of a removed server', async () => {
    const machine = await serving();
    let tries = 0;
    machine.lie(/del server/, () =>
      (tries += 1) < 4 ? 'Server still has connections attached to it, cannot remove it.\n' : undefined,
    );
    expect(await machine.follow([two[0]!])).toMatchObject({ applied: 'runtime' });
    expect(tries).toBe(4);
  });

  it('overrules what an operator has set of the same server, and leaves the others', async () => {
    const machine = await serving();
    await machine.tell('set server b/m1 state drain');
    await machine.tell('set server b/m2 state drain');
    await machine.tell('set server b/m2 weight 9');
    expect(await machine.follow([two[0]!, 'm2 192.0.2.7:80'])).toMatchObject({ applied: 'runtime' });
    expect(await machine.servers()).toEqual({ m1: '192.0.2.1:80 8 1', m2: '192.0.2.7:80 0 1' });
  });

  it('has a server that was down begin anew at its new address', async () => {
    const machine = await serving(['m1 192.0.2.1:80 check', two[1]!]);
    await machine.tell('set server b/m1 health down');
    await machine.follow(['m1 192.0.2.7:80 check', two[1]!]);
    expect(machine.told().join()).toContain('set server b/m1 health up');
  });
});

describe('after changes without a reload, the next real reload', () => {
  const otherPort = ' name other';

  it('takes nothing that a configuration has set for an operator’s wish', async () => {
    const machine = await serving([
      'm1 192.0.2.1:80 weight 3',
      'm2 192.0.2.2:80 disabled',
      'm3 192.0.2.3:80',
    ]);
    await machine.follow(['m1 192.0.2.1:80 weight 5', 'm2 192.0.2.2:80', 'm3 192.0.2.3:80 disabled']);
    expect(await machine.servers()).toMatchObject({ m2: '192.0.2.2:80 4 1', m3: '192.0.2.3:80 1 1' });
    const last = ['m1 192.0.2.1:80 weight 3', 'm2 192.0.2.2:80', 'm3 192.0.2.3:80'];
    expect(await machine.follow(last, otherPort)).toMatchObject({ applied: 'reload' });
    expect(await machine.servers()).toEqual({
      m1: '192.0.2.1:80 0 3',
      m2: '192.0.2.2:80 0 1',
      m3: '192.0.2.3:80 0 1',
    });
  });

  it('keeps what an operator has set of a server that the changes made', async () => {
    const machine = await serving();
    await machine.follow([two[0]!, 'm2 192.0.2.2:80 weight 5']);
    await machine.tell('set server b/m2 weight 8');
    await machine.follow([two[0]!, 'm2 192.0.2.2:80 weight 5'], otherPort);
    expect((await machine.servers())['m2']).toBe('192.0.2.2:80 0 8');
  });

  it('tells a server-state-file what the configuration in force says', async () => {
    const state = `/var/lib/octavia/${id}/servers-state`;
    const text = (server: string, bind = ':80') =>
      `global\n server-state-file ${state}\n${config([server]).replace(':80\n', `${bind}\n`)}`;
    const machine = await serving();
    await machine.upload(text('m1 192.0.2.1:80 weight 3 disabled'));
    await machine.reload();
    await machine.upload(text('m1 192.0.2.1:80 weight 5'));
    expect(await machine.reload()).toMatchObject({ applied: 'runtime' });
    await machine.upload(text('m1 192.0.2.1:80 weight 3', ':81'));
    await machine.reload();
    const [, , row = ''] = (machine.files.snapshot()[state] ?? '').split('\n');
    expect(row.split(' ').slice(6, 9)).toEqual(['0', '5', '5']);
  });
});

describe('a reload it is, with haproxy as the file says and a warning', () => {
  const wanted = ['m1 192.0.2.9:80 weight 7', 'm2 192.0.2.2:80 disabled', 'm4 192.0.2.4:80 check'];
  const three = [...two, 'm3 192.0.2.3:80'];

  it.each<[what: string, line: RegExp, answer: SocketAnswer]>([
    ['a weight is refused', /weight/, 'Backend is using a static LB algorithm\n\n'],
    ['an address is refused', /addr/, "Invalid addr 'x' by 'stats socket command'\n\n"],
    ['a state is refused', /state maint/, 'No such server.\n\n'],
    ['a server is not added', /add server/, "unknown keyword 'x'.\n\n"],
    ['checks cannot be enabled', /enable health/, 'Health check was not configured on this server\n\n'],
    ['a server cannot be removed', /del server/, 'This server cannot be removed at runtime.\n'],
    ['a server keeps its sessions', /del server/, 'Server still has connections attached to it\n'],
    ['haproxy does not answer in time', /set server/, { silent: true }],
    ['haproxy breaks off', /set server/, { refuse: 'ECONNRESET' }],
    ['an answer is cut short', /set server|add server/, ''],
    [
      'the worker was replaced',
      /set server|add server/,
      "Can't find the target PID matching the prefix '@!1'\n",
    ],
  ])('when %s', async (_what, line, answer) => {
    const machine = await serving(three);
    machine.lie(line, answer);
    expect(await machine.follow(wanted)).toMatchObject({ applied: 'reload' });
    expect(machine.signals()).toBe(1);
    expect(machine.warnings()).toHaveLength(1);
    expect(await machine.servers()).toEqual({
      m1: '192.0.2.9:80 0 7',
      m2: '192.0.2.2:80 5 1',
      m4: '192.0.2.4:80 0 1',
    });
    expect(await machine.record()).not.toHaveProperty('unsure');
    expect(machine.files.snapshot()[machine.paths(id).operatorState]).toBeUndefined();
  });

  it.each<[what: string, servers: readonly string[], line: RegExp, detail: string]>([
    ['a weight is not set', ['m1 192.0.2.1:80 weight 7', two[1]!], /weight/, 'b/m1 has weight 1'],
    ['an address is not set', ['m1 192.0.2.9:80', two[1]!], /addr/, 'b/m1 is at 192.0.2.1 port 80'],
    ['a server is not taken out', ['m1 192.0.2.1:80 disabled', two[1]!], /maint/, 'b/m1 is ready'],
    ['a server is not added', [...two, 'm3 192.0.2.3:80'], /add server/, 'server b/m3 is not there'],
    ['a server is not removed', [two[0]!], /del server/, 'server b/m2 is there'],
    ['checks do not run', [...two, 'm3 192.0.2.3:80 check'], /health/, 'b/m3 has its checks off'],
  ])('when %s though haproxy says so', async (_what, servers, line, detail) => {
    const machine = await serving();
    const says = (command: string): SocketAnswer =>
      command
        .split(';')
        .map((each) =>
          each.includes('add server')
            ? 'New server registered.\n\n'
            : each.includes('del server')
              ? 'Server deleted.\n'
              : '\n',
        )
        .join('');
    if (String(line) === '/health/') {
      machine.lie(/enable health/, (command) => {
        const [add = '', , enable = ''] = command.split(';');
        for (const each of [add, enable]) void machine.tell(each.replace(/^@!\d+ /, ''));
        return 'New server registered.\n\n\n\n';
      });
    } else machine.lie(line, says);
    expect(await machine.follow(servers)).toMatchObject({ applied: 'reload' });
    expect(machine.warnings()).toMatchObject([{ level: 'warning', fields: { detail } }]);
    expect(Object.keys(await machine.servers())).toEqual(servers.map((server) => server.split(' ')[0]));
  });

  it('when another worker answers at the end', async () => {
    const machine = await serving();
    machine.lie(/set server/, () => {
      machine.haproxy.setInfo('Name: HAProxy\nVersion: 2.6.12\nPid: 9999\n\n');
      return undefined;
    });
    const following = machine.follow([two[0]!, 'm2 192.0.2.2:80 weight 3']);
    await expect(following).rejects.toMatchObject({ kind: 'reload-failed' });
    expect(machine.warnings()).toMatchObject([{ fields: { error: 'the worker was replaced meanwhile' } }]);
  });

  it('when what runs cannot be recorded', async () => {
    const machine = await serving();
    machine.files.failNext('writeAtomic', new AgentError('unavailable', 'I/O error'), /live\.cfg$/);
    expect(await machine.follow([two[0]!, 'm2 192.0.2.2:80 weight 3'])).toMatchObject({ applied: 'reload' });
    expect(machine.warnings()).toHaveLength(1);
  });

  it('and when that fails too, the next one knows what it must not take for a wish', async () => {
    const machine = await serving([...two, 'm3 192.0.2.3:80']);
    machine.lie(/del server/, 'This server cannot be removed at runtime.\n');
    machine.haproxy.nextReload({ fails: 'no' });
    const following = machine.follow(['m1 192.0.2.1:80 weight 7', two[1]!]);
    await expect(following).rejects.toMatchObject({ kind: 'reload-failed', detail: 'no' });
    expect(await machine.record()).toMatchObject({ unsure: true, touched: ['b/m1', 'b/m3'] });
    await machine.follow(two);
    expect(machine.reasons()).toEqual(['what haproxy runs is not known for sure']);
    expect(await machine.servers()).toEqual({ m1: '192.0.2.1:80 0 1', m2: '192.0.2.2:80 0 1' });
  });
});

describe('a reload it is, without a command before', () => {
  const changed = [two[0]!, 'm2 192.0.2.2:80 weight 3'];
  type Machine = Awaited<ReturnType<typeof serving>>;

  it.each<[what: string, reason: RegExp | string, prepare: (machine: Machine) => unknown]>([
    [
      'somebody has added a server over the socket',
      /other servers than its configuration: server b\/mine/,
      (machine) => machine.tell('add server b/mine 192.0.2.7:80'),
    ],
    [
      'the binary was replaced',
      'haproxy itself has changed',
      ({ files }) => files.plant('/usr/sbin/haproxy', 'newer'),
    ],
    ['the overlay changes', 'the overlay changes', ({ files }) => files.plantOther('/dev/log', 'socket')],
    [
      'the record is lost',
      'what haproxy runs is not known for sure',
      async ({ core }) => {
        const { running, ...rest } = (await core().state.read(id))!;
        expect(running).toBeDefined();
        await core().state.write(id, rest);
      },
    ],
    [
      'the record is of a fallback',
      'what haproxy runs is not known for sure',
      async ({ core }) => {
        const known = (await core().state.read(id))!;
        await core().state.write(id, { ...known, running: { ...known.running!, fallback: true } });
      },
    ],
    [
      'live.cfg is of a reload that was cut short',
      'what haproxy runs is not known for sure',
      (machine) => machine.files.plant(machine.paths(id).live, config(changed)),
    ],
    [
      'running.cfg is not what the record says',
      'what haproxy runs is not known for sure',
      (machine) => machine.files.plant(machine.paths(id).running, config(changed)),
    ],
  ])('when %s', async (_what, reason, prepare) => {
    const machine = await serving();
    await prepare(machine);
    expect(await machine.follow(changed)).toMatchObject({ applied: 'reload' });
    expect(machine.told()).toEqual([]);
    expect(machine.warnings()).toEqual([]);
    expect(machine.reasons()).toEqual([typeof reason === 'string' ? reason : expect.stringMatching(reason)]);
  });

  it('when it is so configured', async () => {
    const machine = await serving(two, { local: 'apply = reload\n' });
    expect(await machine.follow(changed)).toMatchObject({ applied: 'reload' });
    expect(machine.reasons()).toEqual(['apply = reload']);
  });

  it('when a server is named by host', async () => {
    const machine = await serving(['m1 web.example:80', two[1]!]);
    expect(await machine.follow(['m1 web.example:80', 'm2 192.0.2.2:80 weight 3'])).toMatchObject({
      applied: 'reload',
    });
  });
});

describe('a renewed certificate', () => {
  const rest = ` ssl crt ${certificate}`;
  const renewed = fixture('ed25519.crt') + fixture('ed25519.key');
  const fingerprintOf = (pem: string): string => new X509Certificate(pem).fingerprint.replaceAll(':', '');

  /** A worker that takes certificates; `shows` is what it says that it serves. */
  const withCertificate = async (answers: Readonly<Record<string, string>> = {}, shows = renewed) => {
    const machine = await serving(two, { rest });
    machine.lie(/ssl cert/, (line) => {
      const [, verb = ''] = /(set|commit|abort|show) ssl cert/.exec(line) ?? [];
      const usual: Readonly<Record<string, string>> = {
        set: `Transaction created for certificate ${certificate}!\n\n`,
        commit: `Committing ${certificate}.\nSuccess!\n\n`,
        abort: `Transaction aborted for certificate '${certificate}'!\n\n`,
        show: `Filename: ${certificate}\nSHA1 FingerPrint: ${fingerprintOf(shows)}\n\n`,
      };
      return answers[verb] ?? usual[verb];
    });
    return machine;
  };
  const renew = async (machine: Awaited<ReturnType<typeof serving>>, pem = renewed) => {
    machine.files.plant(certificate, pem);
    return machine.reload();
  };

  it('is handed over without a reload', async () => {
    const machine = await withCertificate();
    expect(await renew(machine)).toMatchObject({ applied: 'runtime' });
    expect(machine.told()).toEqual([`set ssl cert ${certificate} <<`, `commit ssl cert ${certificate}`]);
    expect(await machine.reload()).toMatchObject({ applied: 'none' });
  });

  it.each([
    ['that haproxy does not take', { set: 'unable to load certificate chain\n\n' }],
    ['that is not committed', { commit: "Can't commit!\n\n" }],
    ['after which another one is served', {}],
  ])('%s is a reload', async (_what, answers) => {
    const machine = await withCertificate(answers, fixture('ec.crt'));
    expect(await renew(machine)).toMatchObject({ applied: 'reload' });
    expect(machine.warnings()).toHaveLength(1);
    if ('commit' in answers) expect(machine.told()).toContain(`abort ssl cert ${certificate}`);
  });

  it.each<[what: string, pem: string, prepare: (files: { plant(path: string, text: string): void }) => void]>(
    [
      ['that is too long for a command', `${renewed}${'#\n'.repeat(8_000)}`, () => undefined],
      ['that has an OCSP answer beside it', renewed, (files) => files.plant(`${certificate}.ocsp`, 'answer')],
    ],
  )('%s is a reload, without a command', async (_what, pem, prepare) => {
    const machine = await withCertificate();
    prepare(machine.files);
    await machine.reload();
    const before = machine.told().length;
    expect(await renew(machine, pem)).toMatchObject({ applied: 'reload' });
    expect(machine.told()).toHaveLength(before);
  });
});
