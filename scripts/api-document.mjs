// Makes the OpenAPI document of every surface without a running agent, from the sources as they are.
import { buildSync } from 'esbuild';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Builds the document. */
export function apiDocument() {
  const [file] = buildSync({
    entryPoints: [join(root, 'agent', 'boot', 'api-document.ts')],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
  }).outputFiles;
  const module = { exports: {} };
  new Function('module', 'exports', 'require', file.text)(
    module,
    module.exports,
    createRequire(import.meta.url),
  );
  const { documentOf, tableRows } = module.exports;
  return documentOf(tableRows());
}
