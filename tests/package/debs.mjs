// Packages that only the tests have: a version that was there before, and a stand-in for Node.
import { execFileSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Makes of a package another version, with a conffile that differs. */
export function otherVersion(path, version, scratch) {
  const tree = join(scratch, `amphorad-${version}`);
  execFileSync('dpkg-deb', ['--raw-extract', path, tree]);
  const control = join(tree, 'DEBIAN/control');
  writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*$/m, `Version: ${version}`));
  appendFileSync(join(tree, 'etc/logrotate.d/amphorad'), `# of version ${version}\n`);
  return pack(tree, join(scratch, `amphorad-${version}.deb`));
}

/** Makes a package that stands in for `nodejs`: this Debian's own is too old for ours. */
export function nodeStandIn(version, scratch) {
  const tree = join(scratch, `nodejs-${version}`);
  const target = join(tree, 'usr/bin/node');
  mkdirSync(dirname(target), { recursive: true });
  mkdirSync(join(tree, 'DEBIAN'));
  copyFileSync(process.execPath, target);
  const fields = ['Package: nodejs', `Version: ${version}`, 'Architecture: amd64', 'Maintainer: tests'];
  writeFileSync(join(tree, 'DEBIAN/control'), `${fields.join('\n')}\nDescription: stands in for Node.js\n`);
  return pack(tree, join(scratch, `nodejs-${version}.deb`));
}

/** What a package needs of Debian, by name, Node apart. */
export function needsOf(path) {
  const depends = execFileSync('dpkg-deb', ['--field', path, 'Depends'], { encoding: 'utf8' });
  const names = depends.split(',').map((each) => each.trim().split(/[ (]/)[0]);
  return names.filter((name) => name !== 'nodejs');
}

function pack(tree, path) {
  execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '--build', tree, path], { stdio: 'ignore' });
  return path;
}
