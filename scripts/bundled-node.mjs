// Runs tests on the Node that amphorad-bundled brings, the daemon and all that it starts included.
// usage: npm run test:bundled-node [-- jest arguments]   (default: the unit project)
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fetchNode } from './package/node-binary.mjs';

const root = join(import.meta.dirname, '..');
const { binary, version } = await fetchNode(root);
const given = process.argv.slice(2);
const words = given.length === 0 ? ['--selectProjects', 'unit'] : given;
process.stdout.write(`Node ${version}\n`);
const { status } = spawnSync(
  binary,
  [join(root, 'node_modules/jest/bin/jest.js'), '--maxWorkers=2', ...words],
  {
    cwd: root,
    stdio: 'inherit',
    // The launchers say "node": that is this one.
    env: { ...process.env, PATH: `${dirname(binary)}:${process.env.PATH}` },
  },
);
process.exitCode = status ?? 1;
