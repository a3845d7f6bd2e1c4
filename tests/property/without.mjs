// An agent that lacks one of its looks at what haproxy has become, to show that the run finds out: built anew with that
// look always content. Nothing of the product knows of it.
import { build } from 'esbuild';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const looks = {
  address: 'differentAddress',
  weight: 'differentWeight',
  standing: 'differentStanding',
  servers: 'differentServers',
  certificate: 'differentCertificate',
};

export const lookKinds = Object.keys(looks);

/** Builds it into a directory and gives its launcher. */
export async function buildWithout(kind, directory) {
  const name = looks[kind];
  const taken = {
    name: 'without',
    setup: ({ onLoad }) =>
      onLoad({ filter: /haproxy[/\\]read-back\.ts$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8');
        const head = `export function ${name}(`;
        if (!text.includes(head)) throw new Error(`there is no ${name} in ${path}`);
        const contents = text.replace(head, `export function ${name}(): undefined {}\nfunction former(`);
        return { contents, loader: 'ts' };
      }),
  };
  mkdirSync(directory, { recursive: true });
  await build({
    entryPoints: [join(root, 'agent', 'boot', 'main.ts')],
    outfile: join(directory, 'amphorad.cjs'),
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'warning',
    plugins: [taken],
  });
  copyFileSync(join(root, 'dist', 'amphorad'), join(directory, 'amphorad'));
  return join(directory, 'amphorad');
}
