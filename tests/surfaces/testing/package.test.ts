// The harness kit as another project gets it: what `npm pack` packs, unpacked into that project's node_modules with
// nothing of ours beside it. The examples of docs/test-harness.md are run over it as they are.

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const root = join(__dirname, '..', '..', '..');
const timeoutMs = 60_000;
let directory: string;
let project: string;

beforeAll(() => {
  directory = mkdtempSync('/tmp/amph-');
  project = join(directory, 'project');
  const modules = join(project, 'node_modules');
  mkdirSync(join(modules, 'amphorad'), { recursive: true });
  execFileSync('npm', ['pack', '--silent', '--pack-destination', directory], { cwd: root });
  const [tarball = ''] = readdirSync(directory).filter((name) => name.endsWith('.tgz'));
  const unpack = [
    '-xzf',
    join(directory, tarball),
    '-C',
    join(modules, 'amphorad'),
    '--strip-components',
    '1',
  ];
  execFileSync('tar', unpack);
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Ended {
  readonly status: number | null;
  readonly printed: string;
}

function run(
  program: string,
  args: readonly string[],
  cwd: string,
  more: Record<string, string> = {},
): Ended {
  // Of our own jest, nothing.
  const ours = { JEST_WORKER_ID: undefined, NODE_ENV: undefined };
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd,
    env: { ...process.env, ...ours, ...more },
    encoding: 'utf8',
    timeout: timeoutMs,
  });
  return { status, printed: stdout + stderr };
}

function write(name: string, text: string): string {
  const path = join(project, name);
  writeFileSync(path, text);
  return path;
}

describe('a project that installs the package', () => {
  it('imports the kit from CommonJS, and ends by itself when the amphora is stopped', () => {
    const path = write(
      'consumer.cjs',
      `const { startAmphora } = require('amphorad/testing');
(async () => {
  const amphora = await startAmphora();
  console.log((await amphora.client.info()).api_version, (await amphora.heartbeats.next()).ver);
  await amphora.stop();
})();
`,
    );
    expect(run(process.execPath, [path], project)).toEqual({ status: 0, printed: '1.0 3\n' });
  });

  it('imports it from an ES module, with the agent as a process of its own', () => {
    const path = write(
      'consumer.mjs',
      `import { startAmphora } from 'amphorad/testing';
const amphora = await startAmphora({ process: 'child' });
console.log((await amphora.client.info()).api_version, amphora.pid === process.pid);
await amphora.stop();
`,
    );
    expect(run(process.execPath, [path], project)).toEqual({ status: 0, printed: '1.0 false\n' });
  });

  it.each(['module', 'commonjs'])('compiles strictly against its types alone, type: %s', (type) => {
    const at = join(project, type);
    mkdirSync(at);
    writeFileSync(join(at, 'package.json'), JSON.stringify({ name: 'consumer', type }));
    writeFileSync(
      join(at, 'consumer.ts'),
      `import { makePki, startAmphora, type Amphora, type Heartbeat } from 'amphorad/testing';

export async function use(): Promise<Heartbeat> {
  const amphora: Amphora = await startAmphora({ pki: makePki(), config: { amphorad: { log_level: 'debug' } } });
  const info: { readonly api_version: string } = await amphora.client.info();
  // @ts-expect-error No such call.
  amphora.client.nothing();
  const answer = await amphora.client.api.getV10LoadBalancerConfig({ path: { lb: 'a' } });
  // @ts-expect-error What is refused has another body.
  answer.body.includes('frontend');
  if (answer.status === 200) answer.body.includes('frontend');
  for await (const heartbeat of amphora.heartbeats) {
    const status: string | undefined = heartbeat.pools[info.api_version]?.members['one'];
    if (status === 'UP') break;
  }
  return amphora.heartbeats.next(({ seq }) => seq > 3, { timeoutMs: 1_000 });
}
`,
    );
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const compilerOptions = {
      noEmit: true,
      strict: true,
      module: 'nodenext',
      target: 'es2022',
      lib: ['es2022', 'esnext.disposable'],
      types: [],
    };
    writeFileSync(join(at, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }));
    const { status, printed } = run(process.execPath, [tsc], at);
    expect([status, printed]).toEqual([0, '']);
  });
});

describe('the examples of docs/test-harness.md', () => {
  it('jest: five tests pass', () => {
    cpSync(join(root, 'docs', 'examples', 'harness-jest'), project, { recursive: true });
    const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
    const { status, printed } = run(process.execPath, [jest, '--rootDir', project], project);
    expect(printed).toMatch(/Tests: +5 passed, 5 total/);
    expect(printed).not.toContain('did not exit');
    expect(status).toBe(0);
  });

  it('pytest: five tests pass', () => {
    const example = join(directory, 'pytest');
    cpSync(join(root, 'docs', 'examples', 'harness-pytest'), example, { recursive: true });
    const amphorad = join(project, 'node_modules', 'amphorad', 'dist', 'amphorad');
    const { status, printed } = run('/usr/bin/python3', ['-m', 'pytest'], example, { AMPHORAD: amphorad });
    expect(printed).toMatch(/= 5 passed in /);
    expect(status).toBe(0);
  });
});
