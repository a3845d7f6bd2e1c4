// What can be said of a load balancer without changing it.

import { describe, expect, it } from '@jest/globals';
import {
  amphoraId,
  createScriptedAmphora,
  firstId as id,
  secondId,
  type ScriptedAmphora,
} from '../../fakes/scripted-amphora';

const stats = `# pxname,svname,status,type,
a,FRONTEND,OPEN,0,
pool,member,UP,2,
pool,BACKEND,UP,1,
`;
const certificate = `/var/lib/octavia/certs/${id}/x.pem`;
const setUp = async (text = 'frontend a\n bind :80\n mode http\n', isStarted = true) => {
  const amphora = await createScriptedAmphora();
  const { loadBalancers } = amphora.core();
  await loadBalancers.upload({ id, text, peer: amphoraId, owner: 'octavia-v0.1' });
  if (isStarted) await amphora.pass(loadBalancers.start(id));
  amphora.haproxy.setStats(stats);
  return amphora;
};
const describeIt = (amphora: ScriptedAmphora) => amphora.pass(amphora.core().statuses.describe(id));

describe('the status', () => {
  it('is running, with pools, when its haproxy answers', async () => {
    const amphora = await setUp();
    expect(await describeIt(amphora)).toEqual({
      id,
      status: 'running',
      type: 'HTTP',
      pools: [{ name: 'pool', status: 'UP', members: [{ name: 'member', status: 'UP' }] }],
    });
    expect(await amphora.core().statuses.list()).toEqual([{ id, status: 'running', type: 'HTTP' }]);
  });

  it('is stopped, without pools, when it is not meant to run', async () => {
    expect(await describeIt(await setUp(undefined, false))).toMatchObject({ status: 'stopped', pools: [] });
  });

  it('is an error when it died', async () => {
    const amphora = await setUp();
    amphora.runner.endProcess(amphora.haproxy.groups()[0]!.pid);
    expect(await describeIt(amphora)).toMatchObject({ status: 'error', pools: [] });
  });

  it('is an error when its worker does not answer', async () => {
    const amphora = await setUp();
    amphora.haproxy.setInfo({ silent: true });
    expect(await describeIt(amphora)).toMatchObject({ status: 'error', pools: [] });
  });

  it('is running while a caller has it reloaded, though its master is silent meanwhile', async () => {
    const amphora = await setUp();
    await amphora.restartAgent();
    const { loadBalancers, statuses } = amphora.core();
    await loadBalancers.upload({
      id,
      text: 'frontend b\n bind :81\n',
      peer: amphoraId,
      owner: 'octavia-v0.1',
    });
    const reloading = loadBalancers.reload(id).catch((thrown: unknown) => thrown);
    while (!amphora.runner.transcript.some((line) => line.startsWith('signal SIGUSR2')))
      await amphora.clock.advance(0);
    amphora.haproxy.setInfo({ silent: true });
    expect(await statuses.list()).toEqual([expect.objectContaining({ id, status: 'running' })]);
    expect(await amphora.pass(reloading)).toMatchObject({ kind: 'reload-failed' });
    expect(await statuses.list()).toEqual([expect.objectContaining({ id, status: 'error' })]);
  });

  it('is an error when its configuration cannot be read', async () => {
    const amphora = await setUp();
    const { config } = amphora.paths(id);
    await amphora.files.remove(config);
    amphora.files.plantLink(config, '/etc/shadow');
    expect(await describeIt(amphora)).toMatchObject({ status: 'error', type: 'TCP' });
  });

  it('is an error when its state cannot be trusted, and the others still show', async () => {
    const amphora = await setUp();
    const { loadBalancers } = amphora.core();
    await loadBalancers.upload({
      id: secondId,
      text: 'listen b\n bind :80\n',
      peer: amphoraId,
      owner: 'octavia-v0.1',
    });
    amphora.files.plant(amphora.paths(secondId).state, 'garbage');
    expect(await amphora.core().statuses.list()).toMatchObject([
      { id, status: 'running' },
      { id: secondId, status: 'error', type: 'TCP' },
    ]);
  });

  it('is running without pools when the worker goes away between two questions', async () => {
    const amphora = await setUp();
    amphora.haproxy.setStats('');
    expect(await describeIt(amphora)).toMatchObject({ status: 'running', pools: [] });
  });

  it('of what is not there is not found', async () => {
    const amphora = await setUp();
    await expect(amphora.core().statuses.describe(secondId)).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('does not hide what nobody foresaw', async () => {
    const amphora = await setUp();
    amphora.sockets.script({ line: /show stat/, answer: () => Promise.reject(new TypeError('unforeseen')) });
    await expect(describeIt(amphora)).rejects.toThrow('unforeseen');
  });
});

describe('the type', () => {
  it.each([
    [`frontend a\n bind :443 ssl crt ${certificate}\n mode http\n`, 'TERMINATED_HTTPS'],
    ['defaults\n mode http\nlisten a\n bind :80\n', 'HTTP'],
    ['listen a\n bind :3306\n', 'TCP'],
    [`frontend a\n mode tcp\nfrontend b\n bind :443 ssl crt ${certificate}\n`, 'TERMINATED_HTTPS'],
  ])('of %j is %s', async (text, type) => {
    expect((await describeIt(await setUp(text, false))).type).toBe(type);
  });
});
