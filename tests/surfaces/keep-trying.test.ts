// An agent with --keep-trying and files that are missing or wrong: it says why, once, waits, and starts when they are right.

import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../fakes/eventually';
import { temporaryDirectory, writeAgentFiles } from './kit/agent';
import { endLeftovers, launch, runToEnd, startDaemon, type Launched } from './kit/daemon';
import { makePki, type TestPki } from './kit/pki';

let pki: TestPki;
let directory: string;
let files: { main: string; local: string };

beforeAll(async () => {
  pki = await makePki();
});
beforeEach(() => {
  directory = temporaryDirectory();
  files = writeAgentFiles(directory, pki);
});
afterEach(async () => {
  await endLeftovers();
  rmSync(directory, { recursive: true, force: true });
});

const words = (): readonly string[] => ['--config-file', files.main, '--local-config', files.local];
const start = (): Launched => launch([...words(), '--keep-trying', '--ready-json']);
const refused = (agent: Launched, why: RegExp) =>
  eventually(() => expect(agent.stderr()).toMatch(why), 10_000);
const served = (agent: Launched) =>
  eventually(() => expect(agent.stdout()).toMatch(/^\{"ready":true/m), 15_000);

describe('an agent that keeps trying', () => {
  it('serves without a restart once its certificate is there', async () => {
    const path = join(directory, 'server.pem');
    renameSync(path, `${path}.away`);
    const agent = start();
    await refused(agent, /error: agent_server_cert: there is no file .*server\.pem/);
    renameSync(`${path}.away`, path);
    await served(agent);
    expect(agent.stderr().match(/there is no file/g)).toHaveLength(1);
    expect(await agent.end()).toBe(0);
  });

  it('tells each reason once, follows the file from one to the next, and serves once it is right', async () => {
    const right = readFileSync(files.main, 'utf8');
    rmSync(files.main);
    const agent = start();
    await refused(agent, /error: .*agent\.conf: the file does not exist/);
    writeFileSync(files.main, right.replace('bind_port = 0', 'bind_port = many'));
    await refused(agent, /agent\.conf:\d+: .*bind_port = "many"/);
    writeFileSync(files.main, right);
    await served(agent);
    for (const reason of [/does not exist/g, /= "many"/g])
      expect(agent.stderr().match(reason)).toHaveLength(1);
    expect(agent.stderr()).not.toContain('secret');
    expect(await agent.end()).toBe(0);
  });

  it('waits too over what only a start can tell', async () => {
    const right = readFileSync(files.main, 'utf8');
    writeFileSync(files.main, right.replace(/base_path = .*/, `base_path = /tmp/${'x'.repeat(60)}`));
    const agent = start();
    await refused(agent, /base_path is too long/);
    writeFileSync(files.main, right);
    await served(agent);
    expect(await agent.end()).toBe(0);
  });

  it('ends at once, with 0, when it is asked to while it waits', async () => {
    rmSync(files.main);
    const agent = start();
    await refused(agent, /does not exist/);
    expect(await agent.end()).toBe(0);
    expect(existsSync(join(directory, 'state'))).toBe(false);
  });

  it('does not wait for another agent to go: exit 75', async () => {
    const first = await startDaemon([...words(), '--ready-json']);
    const second = await runToEnd([...words(), '--keep-trying']);
    expect([second.code, second.stderr]).toEqual([75, expect.stringContaining(String(first.ready.pid))]);
  });
});
