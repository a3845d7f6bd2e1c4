// Upload, list and remove: the verbs that touch files, over the whole core on a machine of fakes.

import { describe, expect, it } from '@jest/globals';
import { idsOnDisk } from '../../../agent/haproxy/ids-on-disk';
import { AgentError } from '../../../agent/model/errors';
import { parseLoadBalancerId } from '../../../agent/model/ids';
import {
  amphoraId,
  createScriptedAmphora,
  firstId as id,
  secondId,
  thirdId,
  type ScriptedAmphora,
} from '../../fakes/scripted-amphora';

const config = 'listen a\n bind 10.0.0.5:80\n';
const owner = 'octavia-v0.1';
const full = new AgentError('no-space', 'No space left on the disk');
const upload = (amphora: ScriptedAmphora, text = config, which = id, peer = amphoraId): Promise<void> =>
  amphora.core().loadBalancers.upload({ id: which, text, peer, owner });
const filesOf = (amphora: ScriptedAmphora): readonly string[] =>
  Object.keys(amphora.files.snapshot())
    .filter((path) => path.startsWith('/var/lib/octavia/'))
    .map((path) => path.replace(`/var/lib/octavia/${id}/`, ''));

describe('an accepted upload', () => {
  it('is stored as sent, privately, and starts nothing', async () => {
    const amphora = await createScriptedAmphora();
    await upload(amphora);
    expect(await amphora.core().loadBalancers.config(id)).toBe(config);
    expect((await amphora.files.stat(amphora.paths(id).config))?.mode).toBe(0o600);
    expect((await amphora.files.stat(amphora.paths(id).directory))?.mode).toBe(0o700);
    expect(amphora.haproxy.groups()).toEqual([]);
    expect(filesOf(amphora)).toEqual(['state.json', 'haproxy.cfg']);
  });

  it('was checked together with the overlay, as the peer it names', async () => {
    const amphora = await createScriptedAmphora();
    await upload(amphora);
    const { candidate, overlay } = amphora.paths(id);
    expect(amphora.runner.transcript).toEqual([
      `/usr/sbin/haproxy -c -f ${candidate} -f ${overlay}.candidate -L ${amphoraId}`,
    ]);
  });

  it('is checked and started inside the namespace', async () => {
    const amphora = await createScriptedAmphora({
      local: '[amphorad]\nnetwork_namespace = amphora-haproxy\n',
    });
    await upload(amphora);
    await amphora.pass(amphora.core().loadBalancers.start(id));
    expect(amphora.runner.transcript).toHaveLength(3);
    for (const line of amphora.runner.transcript) {
      expect(line).toMatch(/^(start )?ip netns exec amphora-haproxy (\/usr\/sbin\/haproxy|ss) /);
    }
    expect(amphora.haproxy.groups()).toHaveLength(1);
  });

  it('does not touch the process that runs the one before', async () => {
    const amphora = await createScriptedAmphora();
    await upload(amphora);
    await amphora.pass(amphora.core().loadBalancers.start(id));
    await upload(amphora, 'listen b\n bind :80\n');
    expect(amphora.haproxy.groups()).toMatchObject([{ serves: [config, expect.anything()], reloads: 0 }]);
  });

  it('clears away what an earlier refusal had kept aside', async () => {
    const amphora = await createScriptedAmphora();
    amphora.haproxy.refuse(/doomed/, 'no');
    await expect(upload(amphora, 'listen doomed\n bind :80\n')).rejects.toMatchObject({
      kind: 'config-rejected',
    });
    await upload(amphora);
    expect(filesOf(amphora)).toEqual(['state.json', 'haproxy.cfg']);
  });

  it('takes a removal back that had failed half-way', async () => {
    const amphora = await createScriptedAmphora();
    await upload(amphora);
    amphora.files.failNext('remove', full);
    await expect(amphora.core().loadBalancers.remove(id)).rejects.toBe(full);
    await upload(amphora, 'listen again\n bind :80\n');
    await amphora.restartAgent();
    expect(await amphora.core().loadBalancers.config(id)).toBe('listen again\n bind :80\n');
  });
});

describe('a refused upload', () => {
  it('gives haproxy’s words, keeps the text aside and changes nothing else', async () => {
    const amphora = await createScriptedAmphora();
    await upload(amphora);
    const before = amphora.files.snapshot();
    amphora.haproxy.refuse(/doomed/, '[ALERT] parsing [haproxy.cfg:1] : no');
    await expect(upload(amphora, 'listen doomed\n bind :80\n', id, 'other-peer')).rejects.toMatchObject({
      kind: 'config-rejected',
      detail: '[ALERT] parsing [haproxy.cfg:1] : no',
    });
    expect(amphora.files.snapshot()).toEqual({
      ...before,
      [amphora.paths(id).rejected]: 'listen doomed\n bind :80\n',
    });
  });

  it('names the lines that the policy does not allow, and haproxy never sees them', async () => {
    const amphora = await createScriptedAmphora();
    await expect(upload(amphora, 'listen a\n bind :80\n bogus\n')).rejects.toMatchObject({
      kind: 'config-rejected',
      detail: expect.stringMatching(/^line 3: "bogus": /),
    });
    expect(amphora.runner.transcript).toEqual([]);
    expect(filesOf(amphora)).toEqual(['haproxy.cfg.rejected']);
  });

  it('of something new makes no load balancer', async () => {
    const amphora = await createScriptedAmphora();
    amphora.haproxy.refuse(/./, 'no');
    await expect(upload(amphora)).rejects.toMatchObject({ kind: 'config-rejected' });
    expect(filesOf(amphora)).toEqual(['haproxy.cfg.rejected']);
    expect(await amphora.core().loadBalancers.ids()).toEqual([]);
  });

  it('gives haproxy’s words although the text cannot be kept aside', async () => {
    const amphora = await createScriptedAmphora();
    amphora.haproxy.refuse(/./, 'haproxy says no');
    amphora.files.failNext('writeAtomic', full, /rejected$/);
    await expect(upload(amphora)).rejects.toMatchObject({
      kind: 'config-rejected',
      detail: 'haproxy says no',
    });
    expect(amphora.log.messages('warning')).toHaveLength(1);
  });

  it('is a conflict when another dialect owns the load balancer, and names it', async () => {
    const amphora = await createScriptedAmphora();
    await upload(amphora);
    const before = amphora.files.snapshot();
    const foreign = { id, text: 'listen b\n bind :80\n', peer: amphoraId, owner: 'dataplane-v3' } as const;
    await expect(amphora.core().loadBalancers.upload(foreign)).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('octavia-v0.1'),
    });
    expect(amphora.files.snapshot()).toEqual(before);
  });
});

describe('an upload cut short at any write', () => {
  it.each([
    ['the directory', 'makeDirectory', /./],
    ['the candidate', 'writeAtomic', /haproxy\.cfg\.candidate$/],
    ['the candidate overlay', 'writeAtomic', /overlay\.cfg\.candidate$/],
    ['the state', 'writeAtomic', /state\.json$/],
    ['the configuration', 'writeAtomic', /haproxy\.cfg$/],
  ] as const)(
    '(%s) leaves the old configuration whole, and nothing half-made',
    async (_what, operation, path) => {
      const amphora = await createScriptedAmphora();
      await upload(amphora);
      amphora.files.failNext(operation, full, path);
      await expect(upload(amphora, 'listen b\n bind :80\n', id, 'other-peer')).rejects.toBe(full);
      expect(await amphora.core().loadBalancers.config(id)).toBe(config);
      expect(filesOf(amphora)).toEqual(['state.json', 'haproxy.cfg']);
      await upload(amphora, 'listen b\n bind :80\n');
      expect(await amphora.core().loadBalancers.config(id)).toBe('listen b\n bind :80\n');
    },
  );

  it('(clearing away) leaves the new configuration whole', async () => {
    const amphora = await createScriptedAmphora();
    await upload(amphora);
    amphora.files.failNext('remove', full, /rejected$/);
    await expect(upload(amphora, 'listen b\n bind :80\n')).rejects.toBe(full);
    expect(await amphora.core().loadBalancers.config(id)).toBe('listen b\n bind :80\n');
  });
});

describe('an agent that is not root', () => {
  const upped = 'global\n user nobody\n group nogroup\n daemon\nlisten a\n bind :80\n';

  it('gives the upload back, has haproxy read it without those lines, and says so once', async () => {
    const amphora = await createScriptedAmphora({ userId: 1000 });
    await upload(amphora, upped);
    await amphora.pass(amphora.core().loadBalancers.start(id));
    await amphora.pass(amphora.core().loadBalancers.reload(id));
    expect(await amphora.core().loadBalancers.config(id)).toBe(upped);
    const [copy, overlay] = amphora.haproxy.groups()[0]?.serves ?? [];
    expect(copy).toBe('global\n\n\n daemon\nlisten a\n bind :80\n');
    expect(overlay).not.toMatch(/^ *(user|group) /m);
    const warnings = amphora.log.entries.filter((entry) => entry.level === 'warning');
    expect(warnings.map((entry) => entry.fields['lines'])).toEqual([['2: user nobody', '3: group nogroup']]);
  });

  it('is warned of nothing when nothing is dropped', async () => {
    const amphora = await createScriptedAmphora({ userId: 1000 });
    await upload(amphora);
    expect(amphora.log.messages('warning')).toEqual([]);
  });
});

describe('the list of load balancers', () => {
  it('has those with a configuration, a pid file or a stats socket', async () => {
    const amphora = await createScriptedAmphora();
    await upload(amphora);
    amphora.files.plant(amphora.paths(secondId).pidFile, '1\n');
    amphora.files.plantOther(amphora.paths(thirdId).statsSocket, 'socket');
    expect(await amphora.core().loadBalancers.ids()).toEqual([id, secondId, thirdId]);
  });

  it('has nothing else that lies in the directory', async () => {
    const amphora = await createScriptedAmphora();
    for (const name of ['certs/x.pem', 'agent.sock', 'plugged_interfaces', `${id}/state.json`]) {
      amphora.files.plant(`/var/lib/octavia/${name}`, '');
    }
    expect(await amphora.core().loadBalancers.ids()).toEqual([]);
    await expect(amphora.core().loadBalancers.config(id)).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('has a UUID in upper case as one of its own', async () => {
    const amphora = await createScriptedAmphora();
    amphora.files.plant(`/var/lib/octavia/${id.toUpperCase()}/haproxy.cfg`, config);
    expect(await amphora.core().loadBalancers.ids()).toEqual([id.toUpperCase()]);
    await expect(amphora.core().loadBalancers.config(id)).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('has under a name that is no UUID what has a configuration or a state, and nothing else', async () => {
    const amphora = await createScriptedAmphora();
    const below = (path: string): string => `/var/lib/octavia/${path}`;
    for (const path of ['lb.1/haproxy.cfg', 'certs/haproxy.cfg', 'agent/haproxy.cfg', 'other/file']) {
      amphora.files.plant(below(path), config);
    }
    for (const path of ['lb-2', 'lb-3.sock', 'tls.sock/haproxy.cfg', '.lb/haproxy.cfg']) {
      amphora.files.plant(below(path), config);
    }
    amphora.files.plant(below('half/state.json'), '{}');
    expect(await amphora.core().loadBalancers.ids()).toEqual(['lb.1']);
    expect(await idsOnDisk(amphora.files, below(''), ['half', 'lb.1', 'other'])).toEqual(['half', 'lb.1']);
  });
});

describe('a name that is no UUID', () => {
  const named = (name: string) => ({
    id: parseLoadBalancerId(name),
    text: config,
    peer: amphoraId,
    owner: 'octavia-v1.0' as const,
  });

  it('is a load balancer like any other: stored, started, found again by the next agent, removed with all of it', async () => {
    const amphora = await createScriptedAmphora();
    const { id } = named('lb.one_1');
    await amphora.core().loadBalancers.upload(named('lb.one_1'));
    await amphora.pass(amphora.core().loadBalancers.start(id));
    expect(await amphora.restartAgent()).toMatchObject({ adopted: [id] });
    expect(await amphora.core().findings.all()).toEqual([]);
    await amphora.pass(amphora.core().loadBalancers.remove(id));
    expect(await amphora.files.list('/var/lib/octavia')).not.toContain(id);
  });

  it('is refused where somebody else has a directory of it, which stays as it is', async () => {
    const amphora = await createScriptedAmphora();
    amphora.files.plant('/var/lib/octavia/backup/letters', 'mine');
    await expect(amphora.core().loadBalancers.upload(named('backup'))).rejects.toMatchObject({
      kind: 'conflict',
    });
    expect(await amphora.files.list('/var/lib/octavia/backup')).toEqual(['letters']);
  });

  it('is refused where a directory of the agent itself was configured', async () => {
    const amphora = await createScriptedAmphora({
      local: '[amphorad]\nnetwork_namespace =\nruntime_dir = /var/lib/octavia/run\n',
    });
    await expect(amphora.core().loadBalancers.upload(named('run'))).rejects.toMatchObject({
      kind: 'invalid-input',
    });
  });

  it('is refused where its socket’s path would be too long for haproxy, with the figure', async () => {
    const amphora = await createScriptedAmphora({
      local: `[amphorad]\nnetwork_namespace =\nruntime_dir = /run/${'d'.repeat(40)}\n`,
    });
    await expect(amphora.core().loadBalancers.upload(named('x'.repeat(64)))).rejects.toMatchObject({
      kind: 'invalid-input',
      message: "runtime_dir is too long for haproxy's sockets",
    });
    await amphora.core().loadBalancers.upload(named('x'));
  });

  it('leaves nothing behind when its first upload was cut short, and an empty directory of others alone', async () => {
    const amphora = await createScriptedAmphora();
    amphora.files.plant('/var/lib/octavia/lb-1/haproxy.cfg.candidate', config);
    await amphora.files.makeDirectory('/var/lib/octavia/certs/private', 0o700);
    await amphora.restartAgent();
    expect(await amphora.files.stat('/var/lib/octavia/lb-1')).toBeUndefined();
    expect(await amphora.files.stat('/var/lib/octavia/certs/private')).toBeDefined();
  });
});

describe('a load balancer that nobody has claimed', () => {
  it('is the first uploader’s: one that was taken over, reloaded, and then gets its controller’s upload', async () => {
    const amphora = await createScriptedAmphora();
    amphora.files.plant(`/var/lib/octavia/${id}/haproxy.cfg`, config);
    const { loadBalancers } = amphora.core();
    await amphora.pass(loadBalancers.start(id));
    const mine = { id, text: config, peer: 'peer-1', owner: 'octavia-v1.0' } as const;
    await loadBalancers.upload(mine);
    await expect(loadBalancers.upload({ ...mine, owner: 'octavia-v0.1' })).rejects.toMatchObject({
      kind: 'conflict',
      message: `load balancer ${id} belongs to octavia-v1.0`,
    });
  });

  it('is removed by any dialect; one that has an owner by that one alone', async () => {
    const amphora = await createScriptedAmphora();
    amphora.files.plant(`/var/lib/octavia/${id}/haproxy.cfg`, config);
    const { loadBalancers } = amphora.core();
    await loadBalancers.remove(id, 'octavia-v0.1');
    await loadBalancers.upload({ id, text: config, peer: amphoraId, owner: 'octavia-v1.0' });
    await expect(loadBalancers.remove(id, 'octavia-v0.1')).rejects.toMatchObject({ kind: 'conflict' });
    await loadBalancers.remove(id, 'octavia-v1.0');
  });
});

describe('a removal', () => {
  const remove = (amphora: ScriptedAmphora, which = id): Promise<void> =>
    amphora.pass(amphora.core().loadBalancers.remove(which));

  it('stops the process and leaves nothing, except its last words in the log', async () => {
    const amphora = await createScriptedAmphora({
      local: '[amphorad]\nnetwork_namespace =\nruntime_dir = /run/a\n',
    });
    await upload(amphora);
    await amphora.pass(amphora.core().loadBalancers.start(id));
    const { certificates, statsSocket, log } = amphora.paths(id);
    amphora.files.plant(`${certificates}/www.example.com.pem`, 'secret');
    amphora.files.plantOther(statsSocket, 'socket');
    amphora.files.plant(log, `${'x'.repeat(10_000)}the end`);
    await remove(amphora);
    expect(amphora.haproxy.groups()).toEqual([]);
    expect(filesOf(amphora)).toEqual([]);
    for (const directory of ['/var/lib/octavia', '/var/lib/octavia/certs', '/run/a']) {
      expect((await amphora.files.list(directory)).filter((name) => name.includes(id))).toEqual([]);
    }
    const words = amphora.log.entries.find((entry) => entry.message.startsWith('last words'))?.fields[
      'output'
    ];
    expect(words).toMatch(/^x{4089}the end$/);
  });

  it('of what is not there says so, before anything is written', async () => {
    const amphora = await createScriptedAmphora();
    await expect(remove(amphora)).rejects.toMatchObject({ kind: 'not-found', subject: { id } });
    expect(filesOf(amphora)).toEqual([]);
  });

  it('takes a lone stats socket away', async () => {
    const amphora = await createScriptedAmphora();
    amphora.files.plantOther(amphora.paths(id).statsSocket, 'socket');
    await remove(amphora);
    expect(await amphora.core().loadBalancers.ids()).toEqual([]);
    expect(await amphora.files.list('/var/lib/octavia')).toEqual([]);
  });

  it('cut short is finished by the same call', async () => {
    const amphora = await createScriptedAmphora();
    await upload(amphora);
    amphora.files.failNext('remove', full, new RegExp(`${id}$`));
    await expect(remove(amphora)).rejects.toBe(full);
    await amphora.files.remove(amphora.paths(id).config);
    await remove(amphora);
    expect(await amphora.files.list('/var/lib/octavia')).toEqual([]);
  });

  it('that asks in vain kills', async () => {
    const amphora = await createScriptedAmphora();
    await upload(amphora);
    const { pid } = await amphora.pass(amphora.core().loadBalancers.start(id));
    amphora.haproxy.ignoreTerm();
    await remove(amphora);
    expect(amphora.runner.transcript.slice(-2)).toEqual([
      `signal SIGTERM ${pid}`,
      `signal group SIGKILL ${pid}`,
    ]);
    expect(await amphora.core().loadBalancers.ids()).toEqual([]);
  });
});
