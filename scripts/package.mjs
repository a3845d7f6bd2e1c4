// Builds the Debian packages, byte for byte the same from the same sources: amphorad_<v>_all.deb, which needs Node, and
// amphorad-bundled_<v>_amd64.deb, which brings it.
// usage: node scripts/package.mjs [--out DIR] [--only amphorad|amphorad-bundled]
// SOURCE_DATE_EPOCH: seconds since 1970 that every file carries; without it the time of the last commit.
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { bundledPackages } from './package/bundled-packages.mjs';
import { changelog } from './package/changelog.mjs';
import { copyright } from './package/copyright.mjs';
import { buildDeb } from './package/deb.mjs';
import { sourceDate } from './package/epoch.mjs';
import { fetchNode } from './package/node-binary.mjs';
import { renderManual } from './package/manual.mjs';
import { renderSbom } from './package/sbom.mjs';
import { readFileList } from './package/tree.mjs';
import { packages } from './package/packages.mjs';

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({ options: { out: { type: 'string' }, only: { type: 'string' } } });
const out = resolve(values.out ?? join(root, 'out'));
const scratch = join(root, 'out', 'package');
const wanted = packages.filter(({ name }) => values.only === undefined || values.only === name);
if (wanted.length === 0) throw new Error(`--only: expected ${packages.map(({ name }) => name).join(' or ')}`);

const epoch = sourceDate(root);
process.env.SOURCE_DATE_EPOCH = String(epoch);
const { metafile } = await import('./build.mjs');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const libraries = bundledPackages(root, metafile, ['dist/amphorad.cjs', 'dist/prometheus-proxy.cjs']);

for (const each of wanted) {
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  const node = each.bundlesNode ? await fetchNode(root) : undefined;
  const generated = {
    'amphorad.8.gz': zipped(renderManual(root, 'amphorad.8', { version, epoch })),
    'agent.conf.5.gz': zipped(renderManual(root, 'agent.conf.5', { version, epoch })),
    'changelog.gz': zipped(changelog({ name: each.name, version, epoch })),
    copyright: copyright(libraries, node),
    ...(node === undefined ? {} : { 'NOTICES.node.gz': zipped(node.licence) }),
    'sbom.cdx.json': renderSbom({ name: each.name, version, epoch, libraries, node }),
  };
  for (const [name, content] of Object.entries(generated)) writeFileSync(join(scratch, name), content);
  if (node !== undefined) cpSync(node.binary, join(scratch, 'node'));
  const files = readFileList(root, each);
  const path = buildDeb({ root, out, version, epoch, files, package: each });
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  process.stdout.write(`${sha256}  ${path.slice(out.length + 1)}\n`);
}

/** Without a name and a time in it, as gzip -9n does. */
function zipped(text) {
  return gzipSync(text, { level: 9 });
}
