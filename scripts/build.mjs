// Builds dist/amphorad.cjs (one file, readable names) and the launcher dist/amphorad, with its alias dist/amphora-agent.
import { buildSync } from 'esbuild';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import './generate.mjs';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

mkdirSync(dist, { recursive: true });
buildSync({
  entryPoints: [join(root, 'agent', 'boot', 'main.ts')],
  outfile: join(dist, 'amphorad.cjs'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  sourcemap: false,
  legalComments: 'none',
  logLevel: 'warning',
});

// The V8 flags keep the agent small; they have no effect once Node runs, hence a launcher.
// amphora-agent is the name by which Octavia's images start it.
for (const name of ['amphorad', 'amphora-agent']) {
  writeFileSync(
    join(dist, name),
    `#!/bin/sh
self=$0
[ -L "$self" ] && self=$(readlink -f "$self")
exec node --max-semi-space-size=2 --initial-old-space-size=8 --optimize-for-size "\${self%/*}/amphorad.cjs" "$@"
`,
  );
  chmodSync(join(dist, name), 0o755);
}
