// Built where we are, and from a copy in another directory under another umask: the bytes are the same.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sourceDate } from '../../scripts/package/epoch.mjs';
import { must } from './run.mjs';

const notCopied = new Set(['.git', 'out', 'var', 'dist', 'coverage', 'node_modules']);
const architectures = { amphorad: 'all', 'amphorad-bundled': 'amd64' };

/** Builds the packages named, unless they are `given` in a directory; resolves with `{ name, path, sha256, unpacked }` of each and the time that they carry. */
export async function buildHere({ run, repository, scratch, names, given }) {
  const epoch = String(sourceDate(repository));
  const out = join(scratch, 'here');
  for (const name of given === undefined ? names : []) build(repository, out, name, epoch);
  const packages = names.map((name) => {
    const path = pathOf(repository, given ?? out, name);
    const kib = execFileSync('dpkg-deb', ['--field', path, 'Installed-Size'], { encoding: 'utf8' }).trim();
    run.tell(`${name}: ${statSync(path).size} bytes, ${kib} KiB unpacked, sha256 ${sumOf(path)}`);
    return { name, path, sha256: sumOf(path) };
  });
  return { epoch, packages };
}

/** Builds them once more, elsewhere. */
export async function buildSteps({ run, repository, scratch, built }) {
  const elsewhere = join(scratch, 'a copy');
  copy(repository, elsewhere);
  for (const { name, sha256 } of built.packages) {
    await run.step(`${name} is the same byte for byte from another directory, under another umask`, () => {
      const out = join(scratch, 'there');
      build(elsewhere, out, name, built.epoch, 0o077);
      const other = sumOf(pathOf(repository, out, name));
      must(other === sha256, `${other} there, ${sha256} here`);
    });
  }
}

function copy(repository, target) {
  mkdirSync(target);
  const filter = (path) =>
    !notCopied.has(path.slice(repository.length + 1)) && !path.endsWith('agent/generated');
  cpSync(repository, target, { recursive: true, filter });
  // Linked: it is read only. A link to the directory would show in the bundle.
  execFileSync('cp', ['--archive', '--link', join(repository, 'node_modules'), target]);
  // Node as it was fetched, its checksum held against the pin again.
  const cache = join(repository, 'out', 'cache');
  if (existsSync(cache)) cpSync(cache, join(target, 'out', 'cache'), { recursive: true });
}

function build(root, out, name, epoch, mask = process.umask()) {
  const before = process.umask(mask);
  try {
    execFileSync(process.execPath, ['scripts/package.mjs', '--out', out, '--only', name], {
      cwd: root,
      env: { ...process.env, SOURCE_DATE_EPOCH: epoch },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  } finally {
    process.umask(before);
  }
}

function pathOf(repository, out, name) {
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
  return join(out, `${name}_${version}_${architectures[name]}.deb`);
}

function sumOf(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
