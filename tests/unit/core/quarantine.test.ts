// State files that cannot be trusted: what the next agent makes of them, and what stays possible.

import { describe, expect, it } from '@jest/globals';
import {
  amphoraId,
  createScriptedAmphora,
  firstId as id,
  secondId as bystander,
  type ScriptedAmphora,
} from '../../fakes/scripted-amphora';

const text = 'listen old\n bind :80\n';
const base = '/var/lib/octavia';
const upload = (amphora: ScriptedAmphora, which = id, body = text, peer = amphoraId): Promise<void> =>
  amphora.core().loadBalancers.upload({ id: which, text: body, peer, owner: 'octavia-v0.1' });

async function machine(isStarted: boolean, peer = amphoraId): Promise<ScriptedAmphora> {
  const amphora = await createScriptedAmphora();
  await upload(amphora, bystander, 'listen other\n bind :81\n');
  await amphora.pass(amphora.core().loadBalancers.start(bystander));
  await upload(amphora, id, text, peer);
  if (isStarted) await amphora.pass(amphora.core().loadBalancers.start(id));
  return amphora;
}

const checksOf = async (amphora: ScriptedAmphora): Promise<readonly string[]> =>
  (await amphora.core().findings.all()).map(({ check }) => check);
const groupOf = (amphora: ScriptedAmphora) =>
  amphora.haproxy.groups().find(({ argv }) => argv.includes(amphora.paths(id).pidFile));
const spoil = (amphora: ScriptedAmphora, content = '{"schema": 1, "own'): void =>
  amphora.files.plant(amphora.paths(id).state, content, 0o600);

describe('a spoiled state is put aside, and worked out from what is there', () => {
  it('a haproxy that runs goes on and is taken over, with the peer name of its command line', async () => {
    const amphora = await machine(true, 'peer-7');
    const pid = groupOf(amphora)?.pid;
    spoil(amphora);
    expect(await amphora.restartAgent()).toMatchObject({ adopted: [id, bystander], failed: [] });
    expect(groupOf(amphora)?.pid).toBe(pid);
    expect(await amphora.core().state.read(id)).toMatchObject({ desired: 'running', peer: 'peer-7' });
    expect(amphora.files.snapshot()[`${amphora.paths(id).state}.corrupt-1`]).toBe('{"schema": 1, "own');
  });

  it('what served when the power was cut is started again', async () => {
    const amphora = await machine(true);
    amphora.runner.endProcess(groupOf(amphora)?.pid ?? 0);
    spoil(amphora, '');
    expect(await amphora.restartAgent()).toMatchObject({ started: [id], adopted: [bystander] });
    expect(groupOf(amphora)?.peer).toBe(amphoraId);
  });

  it('what was stopped stays stopped', async () => {
    const amphora = await machine(true);
    await amphora.pass(amphora.core().loadBalancers.stop(id));
    spoil(amphora, '\0\0\0\0');
    expect(await amphora.restartAgent()).toMatchObject({ started: [], adopted: [bystander], failed: [] });
    expect(await amphora.core().state.read(id)).toMatchObject({ desired: 'stopped' });
  });

  it('where there is no configuration there is no listener, and none is made up', async () => {
    const amphora = await machine(false);
    await amphora.files.remove(amphora.paths(id).config);
    spoil(amphora);
    await amphora.restartAgent();
    expect(await amphora.core().loadBalancers.ids()).toEqual([bystander]);
    expect(await amphora.core().state.read(id)).toBeUndefined();
  });

  it('is said to the operator until the file is taken away', async () => {
    const amphora = await machine(true);
    spoil(amphora);
    await amphora.restartAgent();
    expect(await checksOf(amphora)).toEqual(['state-put-aside']);
    await amphora.files.remove(`${amphora.paths(id).state}.corrupt-1`);
    expect(await checksOf(amphora)).toEqual([]);
  });

  it('however often it happens, the last three are kept', async () => {
    const amphora = await machine(false);
    for (let round = 1; round <= 5; round += 1) {
      spoil(amphora, `garbage ${round}`);
      await amphora.restartAgent();
    }
    const kept = (await amphora.files.list(amphora.paths(id).directory)).filter((name) =>
      name.includes('corrupt'),
    );
    expect(kept).toEqual([3, 4, 5].map((n) => `state.json.corrupt-${n}`));
  });

  it.each(['upload', 'start', 'reload', 'stop', 'remove'] as const)('then %s works as ever', async (verb) => {
    const amphora = await machine(true);
    spoil(amphora, 'x'.repeat(17 * 1024 * 1024));
    await amphora.restartAgent();
    const { loadBalancers } = amphora.core();
    const call = (): Promise<unknown> => (verb === 'upload' ? upload(amphora) : loadBalancers[verb](id));
    await amphora.pass<unknown>(call());
  });

  it('while the agent runs: ERROR, and every call says which file it is', async () => {
    const amphora = await machine(true);
    spoil(amphora);
    const { loadBalancers, statuses } = amphora.core();
    for (const call of [
      () => upload(amphora),
      () => loadBalancers.start(id),
      () => loadBalancers.remove(id),
    ]) {
      await expect(amphora.pass<unknown>(call())).rejects.toMatchObject({
        kind: 'precondition',
        detail: expect.stringContaining(amphora.paths(id).state),
      });
    }
    expect(await statuses.list()).toEqual([
      expect.objectContaining({ id, status: 'error' }),
      expect.objectContaining({ id: bystander, status: 'running' }),
    ]);
    expect(await checksOf(amphora)).toEqual(['state-unreadable']);
  });
});

type Plant = (there: {
  readonly files: ScriptedAmphora['files'];
  readonly at: ReturnType<ScriptedAmphora['paths']>;
}) => Promise<void> | void;

const planted: readonly (readonly [what: string, plant: Plant])[] = [
  ['a link for state.json', ({ files, at }) => files.plantLink(at.state, '/etc/agent.conf')],
  ['a FIFO for state.json', ({ files, at }) => files.plantOther(at.state, 'other')],
  ['another user’s state.json', ({ files, at }) => files.own(at.state, 65_534)],
  [
    'a directory for state.json',
    async ({ files, at }) => {
      await files.remove(at.state);
      await files.makeDirectory(at.state, 0o700);
    },
  ],
  ['a link for haproxy.cfg', ({ files, at }) => files.plantLink(at.config, '/etc/agent.conf')],
  ['a FIFO for haproxy.cfg', ({ files, at }) => files.plantOther(at.config, 'other')],
  ['another user’s haproxy.cfg', ({ files, at }) => files.own(at.config, 65_534)],
  ['another user’s directory', ({ files, at }) => files.own(at.directory, 65_534)],
  [
    'a link for the directory',
    async ({ files, at }) => {
      await files.rename(at.directory, '/elsewhere');
      files.plantLink(at.directory, '/elsewhere');
    },
  ],
  [
    'a file for the directory',
    async ({ files, at }) => {
      await files.remove(at.directory);
      files.plant(at.directory, 'x');
    },
  ],
];

describe('what was planted where ours should be is refused and reported, never followed', () => {
  it.each(planted)('%s: ERROR, a clear answer to every start, the others serve', async (_what, plant) => {
    const amphora = await machine(false);
    await plant({ files: amphora.files, at: amphora.paths(id) });
    const before = amphora.files.snapshot();
    const report = await amphora.restartAgent();
    expect(report.adopted).toEqual([bystander]);
    expect(amphora.files.snapshot()).toEqual(before);
    const { loadBalancers, statuses } = amphora.core();
    expect(await statuses.list()).toEqual([
      expect.objectContaining({ id, status: 'error' }),
      expect.objectContaining({ id: bystander, status: 'running' }),
    ]);
    await expect(amphora.pass(loadBalancers.start(id))).rejects.toMatchObject({
      kind: 'precondition',
      detail: expect.stringContaining(base),
    });
    expect(await checksOf(amphora)).toEqual(['untrusted-entries']);
    expect(amphora.files.snapshot()['/etc/agent.conf']).toContain('amphora_id');
  });

  it('a link for the certificate directory: nothing is written or digested through it', async () => {
    const amphora = await machine(false);
    await upload(amphora, id, `listen a\n bind :80 ssl crt ${base}/certs/${id}/a.pem\n`);
    amphora.files.plant('/elsewhere/a.pem', 'not ours');
    amphora.files.plantLink(amphora.paths(id).certificates, '/elsewhere');
    await amphora.restartAgent();
    await expect(amphora.pass(amphora.core().loadBalancers.start(id))).rejects.toMatchObject({
      kind: 'precondition',
      detail: expect.stringContaining('is a link'),
    });
    expect(await checksOf(amphora)).toEqual(['untrusted-entries']);
  });

  it('a removal takes away the links in a directory, and not what they lead to', async () => {
    const amphora = await machine(false);
    amphora.files.plant('/elsewhere/kept', 'x');
    amphora.files.plantLink(`${amphora.paths(id).directory}/link`, '/elsewhere');
    await amphora.pass(amphora.core().loadBalancers.remove(id));
    expect(amphora.files.snapshot()['/elsewhere/kept']).toBe('x');
    expect(await amphora.core().loadBalancers.ids()).toEqual([bystander]);
  });
});
