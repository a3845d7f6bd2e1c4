// The agent is killed at every single step of every operation, and the next agent finds the machine so. What was
// acknowledged stands, what was not is whole or not there, nothing is left lying or running.

import { describe, expect, it } from '@jest/globals';
import { sweepLeftovers } from '../../../agent/core/leftovers';
import { createClientTrustFiles } from '../../../agent/core/client-trust';
import { createServerCertificate } from '../../../agent/core/server-certificate';
import { runCerts } from '../../../agent/cli/certs';
import { parseCertificateName } from '../../../agent/model/certificate';
import {
  amphoraId,
  createScriptedAmphora,
  firstId as id,
  secondId as bystander,
  type ScriptedAmphora,
} from '../../fakes/scripted-amphora';
import { createHandClock } from '../../fakes/hand-clock';
import { createMemoryFiles } from '../../fakes/memory-files';
import { createMortalHost, untilDeath } from '../../fakes/mortal-host';
import { createRecordedLog } from '../../fakes/recorded-log';
import { createScriptedRunner } from '../../fakes/scripted-runner';
import { createScriptedSockets } from '../../fakes/scripted-socket';
import { pkiFixture as fixture } from '../../fixtures/pki/fixture';

const oldText = 'listen old\n bind :80\n';
const newText = 'listen new\n bind :80\n';
const weighing = (weight: number): string =>
  `listen old\n bind :80\nbackend b\n balance roundrobin\n server m1 192.0.2.1:80 weight ${weight}\n`;
const otherText = 'listen other\n bind :81\n';
const name = parseCertificateName('a.pem');
const oldPem = Buffer.from('old certificate');
const newPem = Buffer.from('new certificate');
const otherPeer = '11111111-8d19-4a7e-8a8b-ea491d87e88f';

const upload = (amphora: ScriptedAmphora, which = id, text = oldText, peer = amphoraId): Promise<void> =>
  amphora.core().loadBalancers.upload({ id: which, text, peer, owner: 'octavia-v0.1' });
const start = (amphora: ScriptedAmphora, which = id): Promise<unknown> =>
  amphora.core().loadBalancers.start(which);
const put = (amphora: ScriptedAmphora, pem: Buffer): Promise<unknown> =>
  amphora.core().certificates.put(id, name, pem, { inspect: false });

/** How the listener stands: its text, its peer name, whether it is meant to run, and what its haproxy serves. */
async function standing(amphora: ScriptedAmphora): Promise<unknown> {
  const core = amphora.core();
  if (!(await core.loadBalancers.ids()).includes(id)) {
    const { directory, statsSocket } = amphora.paths(id);
    const left = [await amphora.files.stat(directory), await amphora.files.stat(statsSocket)];
    return left.every((stat) => stat === undefined) ? 'absent' : 'half there';
  }
  const state = await core.state.read(id);
  const group = amphora.haproxy.groups().find(({ argv }) => argv.join(' ').includes(id));
  return {
    text: await core.loadBalancers.config(id),
    peer: state?.peer,
    desired: state?.desired,
    serves: group?.serves[0],
  };
}

async function certificate(amphora: ScriptedAmphora): Promise<string | undefined> {
  return amphora.files.readText(`${amphora.paths(id).certificates}/${name}`);
}

/** What no agent may leave: temporary files, candidates, removed directories, empty ones, traces of what does not run. */
async function leftovers(amphora: ScriptedAmphora): Promise<readonly string[]> {
  const found = Object.keys(amphora.files.snapshot()).filter((path) =>
    /\.tmp$|\.candidate$|\.removed\b/.test(path),
  );
  for (const path of [amphora.paths(id).directory, amphora.paths(id).certificates]) {
    const isEmpty = (await amphora.files.list(path)).length === 0;
    if (isEmpty && (await amphora.files.stat(path)) !== undefined) found.push(`${path}/`);
  }
  const { pidFile, masterSocket } = amphora.paths(id);
  const runs = amphora.haproxy.groups().some(({ argv }) => argv.includes(pidFile));
  for (const path of runs ? [] : [pidFile, masterSocket]) {
    if ((await amphora.files.stat(path)) !== undefined) found.push(path);
  }
  return found;
}

const stopped = (text: string, peer = amphoraId) => ({ text, peer, desired: 'stopped', serves: undefined });
const running = (text: string, serves = text) => ({ text, peer: amphoraId, desired: 'running', serves });

interface Operation {
  readonly prepare: (amphora: ScriptedAmphora) => Promise<unknown>;
  readonly act: (amphora: ScriptedAmphora) => Promise<unknown>;
  /** How the listener may stand after a kill, and must stand after the operation. */
  readonly old: unknown;
  readonly done: unknown;
  /** What a reload that was cut short may leave: haproxy reads either. */
  readonly between?: unknown;
  readonly certificates?: readonly [old: string | undefined, done: string | undefined];
}

const operations: Readonly<Record<string, Operation>> = {
  'the first upload': {
    prepare: () => Promise.resolve(),
    act: (amphora) => upload(amphora),
    old: 'absent',
    done: stopped(oldText),
  },
  'an upload to a stopped listener': {
    prepare: (amphora) => upload(amphora),
    act: (amphora) => upload(amphora, id, newText),
    old: stopped(oldText),
    done: stopped(newText),
  },
  'an upload that brings another peer name': {
    prepare: (amphora) => upload(amphora),
    act: (amphora) => upload(amphora, id, newText, otherPeer),
    old: stopped(oldText),
    done: stopped(newText, otherPeer),
  },
  'an upload to a running listener': {
    prepare: async (amphora) => (await upload(amphora), amphora.pass(start(amphora))),
    act: (amphora) => upload(amphora, id, newText),
    old: running(oldText),
    done: running(newText, oldText),
  },
  'a start': {
    prepare: (amphora) => upload(amphora),
    act: (amphora) => start(amphora),
    old: stopped(oldText),
    done: running(oldText),
  },
  'a reload': {
    prepare: async (amphora) => {
      await upload(amphora);
      await amphora.pass(start(amphora));
      await upload(amphora, id, newText);
    },
    act: (amphora) => amphora.core().loadBalancers.reload(id),
    old: running(newText, oldText),
    done: running(newText),
  },
  'a stop': {
    prepare: async (amphora) => (await upload(amphora), amphora.pass(start(amphora))),
    act: (amphora) => amphora.core().loadBalancers.stop(id),
    old: running(oldText),
    done: stopped(oldText),
  },
  'a delete': {
    prepare: async (amphora) => {
      await put(amphora, oldPem);
      await upload(amphora);
      await amphora.pass(start(amphora));
    },
    act: (amphora) => amphora.core().loadBalancers.remove(id),
    old: running(oldText),
    done: 'absent',
    certificates: ['old certificate', undefined],
  },
  'a certificate’s first upload': {
    prepare: () => Promise.resolve(),
    act: (amphora) => put(amphora, newPem),
    old: 'absent',
    done: 'absent',
    certificates: [undefined, 'new certificate'],
  },
  'a certificate’s renewal': {
    prepare: async (amphora) => (await put(amphora, oldPem), upload(amphora)),
    act: (amphora) => put(amphora, newPem),
    old: stopped(oldText),
    done: stopped(oldText),
    certificates: ['old certificate', 'new certificate'],
  },
  'a certificate’s removal': {
    prepare: async (amphora) => (await put(amphora, oldPem), upload(amphora)),
    act: (amphora) => amphora.core().certificates.remove(id, name),
    old: stopped(oldText),
    done: stopped(oldText),
    certificates: ['old certificate', undefined],
  },
};

type Blow = (amphora: ScriptedAmphora) => void;

/** The machine loses power: all that ran is gone, and of what haproxy wrote itself nothing is certain. */
const cutPower: Blow = (amphora) => {
  for (const { pid } of amphora.runner.processes()) amphora.runner.endProcess(pid);
  amphora.system.set({ bootId: '22222222-8d19-4a7e-8a8b-ea491d87e88f' });
  const { pidFile } = amphora.paths(id);
  if (amphora.files.snapshot()[pidFile] !== undefined) amphora.files.plant(pidFile, '');
};

async function killedAt(operation: Operation, step: number, blow: Blow): Promise<'died' | 'lived'> {
  const amphora = await createScriptedAmphora();
  await upload(amphora, bystander, otherText);
  await amphora.pass(start(amphora, bystander));
  await operation.prepare(amphora);
  amphora.killAgentAt(step);
  const outcome = await amphora.untilDeath(() => operation.act(amphora));
  if (outcome !== 'died' && 'thrown' in outcome) throw outcome.thrown;
  blow(amphora);
  await amphora.restartAgent();

  const mayBe = outcome === 'died' ? [operation.old, operation.done] : [operation.done];
  expect(mayBe).toContainEqual(await standing(amphora));
  const [oldCertificate, newCertificate] = operation.certificates ?? [undefined, undefined];
  const mayHave = outcome === 'died' ? [oldCertificate, newCertificate] : [newCertificate];
  expect(mayHave).toContain(await certificate(amphora));
  expect(await leftovers(amphora)).toEqual([]);
  expect((await amphora.core().state.read(bystander))?.desired).toBe('running');
  const wanted = [bystander, id].filter((each) =>
    amphora.haproxy.groups().some(({ argv }) => argv.includes(amphora.paths(each).pidFile)),
  );
  expect(wanted).toContain(bystander);
  // No orphan: each process is the one of a load balancer.
  expect(amphora.runner.processes()).toHaveLength(wanted.length);
  // A haproxy taken over in the middle of its start answers at the third time.
  for (let time = 1; time < 3; time += 1) await amphora.core().statuses.list();
  expect(await amphora.core().findings.all()).toEqual([]);
  return outcome === 'died' ? 'died' : 'lived';
}

async function throughAllSteps(kill: (step: number) => Promise<'died' | 'lived'>): Promise<number> {
  let step = 1;
  while ((await kill(step)) === 'died') step += 1;
  return step - 1;
}

describe.each(Object.entries(operations))('the agent is killed at any step of %s', (_what, operation) => {
  it('every time the next one finds the old state or the new, whole, and nothing left over', async () => {
    const steps = await throughAllSteps((step) => killedAt(operation, step, () => undefined));
    expect(steps).toBeGreaterThan(2);
  });

  it('also when the power was cut with it: what should run is started anew', async () => {
    const lost = (standing: unknown): unknown =>
      typeof standing === 'object' &&
      standing !== null &&
      'serves' in standing &&
      standing.serves !== undefined
        ? { ...standing, serves: (standing as { text?: unknown }).text }
        : standing;
    const after = { ...operation, old: lost(operation.old), done: lost(operation.done) };
    await throughAllSteps((step) => killedAt(after, step, cutPower));
  });

  it('and the operation, asked for again, is done whole', async () => {
    await throughAllSteps(async (step) => {
      const amphora = await createScriptedAmphora();
      await operation.prepare(amphora);
      amphora.killAgentAt(step);
      const outcome = await amphora.untilDeath(() => operation.act(amphora));
      await amphora.restartAgent();
      // A removal that is done already is answered so.
      await amphora.pass(operation.act(amphora)).catch((thrown: unknown) => {
        expect(thrown).toMatchObject({ kind: 'not-found' });
      });
      expect(await standing(amphora)).toEqual(operation.done);
      expect(await certificate(amphora)).toBe(operation.certificates?.[1]);
      return outcome === 'died' ? 'died' : 'lived';
    });
  });
});

describe('the agent is killed in a reload that haproxy did', () => {
  it('going back to the text before is a real reload, whatever was recorded', async () => {
    await throughAllSteps(async (step) => {
      const amphora = await createScriptedAmphora();
      await upload(amphora);
      await amphora.pass(start(amphora));
      await upload(amphora, id, newText);
      amphora.killAgentAt(step);
      const outcome = await amphora.untilDeath(() => amphora.core().loadBalancers.reload(id));
      await amphora.restartAgent();
      await upload(amphora, id, oldText);
      await amphora.pass(amphora.core().loadBalancers.reload(id));
      expect(await standing(amphora)).toEqual(running(oldText));
      return outcome === 'died' ? 'died' : 'lived';
    });
  });
});

describe('the agent is killed at any step of a change without a reload', () => {
  const weightOf = async (amphora: ScriptedAmphora): Promise<string | undefined> => {
    const { masterSocket } = amphora.paths(id);
    const table = await amphora.sockets.request(masterSocket, '@1 show servers state', { timeoutMs: 1 });
    return table.split('\n')[2]?.split(' ')[7];
  };
  const reload = (amphora: ScriptedAmphora) => amphora.core().loadBalancers.reload(id);

  it.each([
    ['the same again', 5],
    ['the configuration before', 1],
    ['another one', 9],
  ])(
    'the next reload, of %s, is as its file says, and the one after changes nothing',
    async (_what, then) => {
      const steps = await throughAllSteps(async (step) => {
        const amphora = await createScriptedAmphora();
        await upload(amphora, id, weighing(1));
        await amphora.pass(start(amphora));
        await upload(amphora, id, weighing(5));
        amphora.killAgentAt(step);
        const outcome = await amphora.untilDeath(() => reload(amphora));
        await amphora.restartAgent();
        expect(['1', '5']).toContain(await weightOf(amphora));
        expect(await leftovers(amphora)).toEqual([]);
        await upload(amphora, id, weighing(then));
        await amphora.pass(reload(amphora));
        expect(await weightOf(amphora)).toBe(String(then));
        expect(await amphora.pass(reload(amphora))).toMatchObject({ applied: 'none' });
        expect((await amphora.core().state.read(id))?.running).not.toHaveProperty('touched');
        return outcome === 'died' ? 'died' : 'lived';
      });
      expect(steps).toBeGreaterThan(5);
    },
  );
});

const bare = (initial: Record<string, string>) => {
  const machine = {
    files: createMemoryFiles(initial),
    runner: createScriptedRunner(),
    sockets: createScriptedSockets(),
    clock: createHandClock(Date.now()),
  };
  return { ...machine, life: createMortalHost(machine) };
};

describe('the agent is killed while its own certificate is replaced', () => {
  it('on disk is the old bundle or the new one, and no key is left beside it', async () => {
    const old = fixture('ec.key') + fixture('ec.crt') + fixture('intermediate.crt');
    const fresh = fixture('ed25519.crt') + fixture('ed25519.key');
    await throughAllSteps(async (step) => {
      const { life, files, runner } = bare({
        '/certs/server.pem': old,
        '/certs/ca.pem': fixture('root.crt'),
        '/b/': '',
      });
      life.host.clock.jumpWall(Date.UTC(2026, 0, 15) - life.host.clock.now());
      const log = createRecordedLog();
      const trust = createClientTrustFiles({
        ...life.host,
        log,
        clientCaPath: '/certs/ca.pem',
        crlPath: undefined,
      });
      const certificate = createServerCertificate({
        ...life.host,
        log,
        serverPath: '/certs/server.pem',
        readTrust: (before) => trust.read(before),
        swap: () => undefined,
      });
      life.dieAt(step);
      const outcome = await untilDeath(life, () => certificate.rotate(Buffer.from(fresh)));
      const roots = { basePath: '/b', certDir: '/b/certs', runtimeDir: '/b' };
      await sweepLeftovers({ files, runner, roots, log: createRecordedLog(), others: ['/certs/server.pem'] });
      expect(outcome === 'died' ? [old, fresh] : [fresh]).toContain(files.snapshot()['/certs/server.pem']);
      expect(await files.list('/certs')).toEqual(['ca.pem', 'server.pem']);
      return outcome === 'died' ? 'died' : 'lived';
    });
  });
});

describe('the command that makes certificates is killed', () => {
  it('and run again makes a whole set, without a key left beside it', async () => {
    const args = { directory: '/pki', amphoraId, names: [], days: 10, force: false };
    // Each run makes three RSA keys: two steps stand for all.
    for (const step of [9, 20]) {
      const { life, files, clock } = bare({ '/etc/': '' });
      life.dieAt(step);
      const outcome = await untilDeath(life, () => runCerts(args, life.host));
      expect(outcome).toBe('died');
      await runCerts({ ...args, force: files.snapshot()['/pki/ca.pem'] !== undefined }, { files, clock });
      expect(await files.list('/pki')).toEqual([
        'ca.key',
        'ca.pem',
        'client.crt',
        'client.key',
        'client.pem',
        'server.pem',
      ]);
    }
  });
});

describe('the agent is killed while haproxy reads its configuration, before its sockets are there', () => {
  it('the next one takes that haproxy over and starts no second one', async () => {
    const amphora = await createScriptedAmphora();
    await upload(amphora);
    amphora.haproxy.nextStart('hangs');
    await throughAllSteps(async (step) => {
      if (amphora.haproxy.groups().length > 0) return 'lived';
      amphora.killAgentAt(step);
      await amphora.untilDeath(() => start(amphora));
      await amphora.restartAgent();
      return 'died';
    });
    const [group] = amphora.haproxy.groups();
    expect(amphora.runner.processes()).toHaveLength(1);
    expect(await amphora.core().loadBalancers.living(id)).toMatchObject({ pid: group?.pid });
  });
});
