// One Debian package from a list of files: control data, maintainer scripts, checksums, dpkg-deb. Source: deb(5),
// deb-control(5), Debian Policy 6 and 10.7.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { layOut, settle } from './tree.mjs';

export const maintainer = 'amphorad developers <developers@amphorad.invalid>';

/** Builds it below `out` and returns its path. */
export function buildDeb({ root, out, version, epoch, files, package: facts }) {
  const tree = join(root, 'out', 'package', 'tree');
  rmSync(tree, { recursive: true, force: true });
  layOut(root, tree, files);
  if (facts.bundlesNode) useOwnNode(tree);
  addOverrides(root, tree, facts);
  const control = join(tree, 'DEBIAN');
  mkdirSync(control, { recursive: true });
  const plain = regularFiles(tree);
  const configuration = plain.filter((target) => target.startsWith('/etc/'));
  writeControl(control, 'conffiles', configuration.map((path) => `${path}\n`).join(''));
  writeControl(control, 'md5sums', checksums(tree, plain));
  writeControl(control, 'control', controlText(tree, version, facts));
  for (const script of ['preinst', 'postinst', 'prerm', 'postrm']) {
    const source = join(root, 'etc', 'debian', script);
    if (!existsSync(source)) continue;
    copyFileSync(source, join(control, script));
    chmodSync(join(control, script), 0o755);
  }
  settle(tree, epoch);
  mkdirSync(out, { recursive: true });
  const path = join(out, `${facts.name}_${version}_${facts.architecture}.deb`);
  execFileSync(
    'dpkg-deb',
    ['--root-owner-group', '--uniform-compression', '-Zxz', '-z6', '--build', tree, path],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  return path;
}

/** With a mode of its own: it must not follow from who builds. */
function writeControl(directory, name, text) {
  writeFileSync(join(directory, name), text);
  chmodSync(join(directory, name), 0o644);
}

/** The launchers take the Node that lies beside them. */
function useOwnNode(tree) {
  for (const name of ['amphorad', 'amphora-agent', 'amphora-interface', 'prometheus-proxy']) {
    const path = join(tree, 'usr/lib/amphorad', name);
    const text = readFileSync(path, 'utf8');
    const changed = text.replace('exec node ', 'exec "${self%/*}/node" ');
    if (changed === text) throw new Error(`${name}: it starts node in no known way`);
    writeFileSync(path, changed);
  }
}

function addOverrides(root, tree, { name }) {
  const source = join(root, 'etc', 'debian', `${name}.lintian-overrides`);
  if (!existsSync(source)) return;
  const directory = join(tree, 'usr/share/lintian/overrides');
  mkdirSync(directory, { recursive: true });
  copyFileSync(source, join(directory, name));
  chmodSync(join(directory, name), 0o644);
}

/** Their paths, sorted, as they will be on the machine. */
function regularFiles(tree) {
  const entries = readdirSync(tree, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => join(parentPath, name).slice(tree.length)).sort();
}

function checksums(tree, paths) {
  const sumOf = (path) =>
    createHash('md5')
      .update(readFileSync(join(tree, path)))
      .digest('hex');
  return paths.map((path) => `${sumOf(path)}  ${path.slice(1)}\n`).join('');
}

/** In KiB as dpkg-gencontrol reckons: each file rounded up, one for each directory and link. */
function installedSize(tree) {
  const entries = readdirSync(tree, { recursive: true, withFileTypes: true });
  const own = entries.map((entry) => [entry, join(entry.parentPath, entry.name)]);
  return own
    .filter(([, path]) => !path.startsWith(join(tree, 'DEBIAN')))
    .reduce((sum, [entry, path]) => sum + (entry.isFile() ? Math.ceil(statSync(path).size / 1024) : 1), 1);
}

function controlText(tree, version, facts) {
  const fields = [
    ['Package', facts.name],
    ['Version', version],
    ['Architecture', facts.architecture],
    ['Maintainer', maintainer],
    ['Installed-Size', String(installedSize(tree))],
    ['Depends', facts.depends.join(', ')],
    ['Recommends', facts.recommends.join(', ')],
    ['Conflicts', facts.conflicts.join(', ')],
    ['Replaces', facts.conflicts.join(', ')],
    ...(facts.provides === undefined ? [] : [['Provides', facts.provides.join(', ')]]),
    ['Section', 'net'],
    ['Priority', 'optional'],
    [
      'Description',
      [facts.summary, ...facts.description.map((line) => ` ${line === '' ? '.' : line}`)].join('\n'),
    ],
  ];
  return `${fields.map(([name, value]) => `${name}: ${value}`).join('\n')}\n`;
}
