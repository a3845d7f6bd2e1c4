// Builds dist/amphorad.cjs (one file, readable names), its launchers (amphora-agent is the name by which Octavia's images
// start it), the companions beside them, and the harness kit: dist/testing.cjs with dist/types/.
import { buildSync } from 'esbuild';
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import './generate.mjs';
import './declarations.mjs';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

mkdirSync(dist, { recursive: true });
const programs = {
  amphorad: 'boot/main.ts',
  'prometheus-proxy': 'companions/prometheus-proxy/main.ts',
  testing: 'testing/index.ts',
};
/** What went into the bundles, as the bundler says. */
export const { metafile } = buildSync({
  entryPoints: Object.entries(programs).map(([name, file]) => ({ in: join(root, 'agent', file), out: name })),
  absWorkingDir: root,
  outdir: dist,
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  sourcemap: false,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
});

// The V8 flags keep them small; they have no effect once Node runs, hence launchers.
const launchers = {
  amphorad: ['amphorad', ''],
  'amphora-agent': ['amphorad', ''],
  'amphora-interface': ['amphorad', ' interface'],
  'prometheus-proxy': ['prometheus-proxy', ''],
};
for (const [name, [program, word]] of Object.entries(launchers)) {
  writeFileSync(
    join(dist, name),
    `#!/bin/sh
self=$0
[ -L "$self" ] && self=$(readlink -f "$self")
exec node --max-semi-space-size=2 --initial-old-space-size=8 --optimize-for-size "\${self%/*}/${program}.cjs"${word} "$@"
`,
  );
  chmodSync(join(dist, name), 0o755);
}

for (const name of ['amphora-health-checker', 'haproxy-vrrp-check', 'ping-wrapper.sh', 'udp_check.sh']) {
  copyFileSync(join(root, 'agent', 'companions', name), join(dist, name));
  chmodSync(join(dist, name), 0o755);
}
