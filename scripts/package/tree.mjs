// Reads files.txt, the one list of what is installed, and lays the files out below a directory.
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** Lists what a package installs: `{ mode, source, target }`, `{ link, target }` for a link. */
export function readFileList(root, { name, bundlesNode }) {
  const lines = readFileSync(join(root, 'scripts/package/files.txt'), 'utf8').split('\n');
  const listed = lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [mode, source, target] = line.replace('@NAME@', name).split(/\s+/);
      return mode === '->' ? { link: source, target } : { mode: Number.parseInt(mode, 8), source, target };
    });
  return bundlesNode ? [...listed, ...nodeFiles(name)] : listed;
}

function nodeFiles(name) {
  return [
    { mode: 0o755, source: 'out/package/node', target: '/usr/lib/amphorad/node' },
    { mode: 0o644, source: 'out/package/NOTICES.node.gz', target: `/usr/share/doc/${name}/NOTICES.node.gz` },
  ];
}

/** Lays them out below `tree`. */
export function layOut(root, tree, files) {
  for (const { mode, source, link, target } of files) {
    const path = join(tree, target);
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    if (link === undefined) {
      copyFileSync(join(root, source), path);
      chmodSync(path, mode);
    } else symlinkSync(link, path);
  }
}

/** Gives every file and directory one time, and every directory one mode. */
export function settle(tree, epoch) {
  for (const name of readdirSync(tree)) {
    const path = join(tree, name);
    const stat = lstatSync(path);
    if (stat.isDirectory()) settle(path, epoch);
    else lutimesSync(path, epoch, epoch);
  }
  chmodSync(tree, 0o755);
  lutimesSync(tree, epoch, epoch);
}
