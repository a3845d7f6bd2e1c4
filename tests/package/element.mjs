// The diskimage-builder element: its scripts, its data, and that what it installs from a built tree is what the package
// installs.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { packages } from '../../scripts/package/packages.mjs';
import { must } from './run.mjs';

/** Looks at the element and runs its hooks over a root that was empty, after contentSteps has unpacked the packages. */
export async function elementSteps({ run, repository, scratch, built }) {
  const element = join(repository, 'scripts/elements/amphorad');
  const hooks = readdirSync(element)
    .filter((name) => name.endsWith('.d'))
    .flatMap((name) => readdirSync(join(element, name)).map((file) => join(element, name, file)));
  const scripts = hooks.filter((path) => !path.includes('/environment.d/'));
  await run.step('element: diskimage-builder runs each of its hooks', () => checkHooks(scripts));
  await run.step('element: its shell scripts can be read by sh', () => {
    for (const path of hooks) must(spawnSync('sh', ['-n', path]).status === 0, path);
  });
  await judgeStep(run, hooks);
  await dataStep(run, element);
  await run.step('element: it installs what the packages ask for, and what the management port does', () =>
    checkPackages(element),
  );
  await run.step('element: it says what is missing', () => checkRefusals(element, scratch, built));
  await run.step('element: ports are left to cloud-init and the agent', () => checkPorts(element, scratch));
  // Only the last one's generated files lie in out/package.
  const { name } = built.packages.at(-1);
  const title = `element: it installs from a built tree what ${name} does`;
  const unpacked = join(scratch, `tree-${name}`);
  if (lastBuilt(repository, unpacked, name)) {
    await run.step(title, () => compareFiles({ repository, element, scratch, unpacked, name }));
  } else run.skip(title, `out/package is not that of the ${name} given`);
}

/** As dib-run-parts chooses them. */
function checkHooks(scripts) {
  must(scripts.length === 4, `${scripts.length} hooks`);
  for (const path of scripts) {
    must(/\/[0-9A-Za-z_-]+$/.test(path), `${path}: its name is passed over`);
    must((statSync(path).mode & 0o777) === 0o755, `${path}: its mode is not 0755`);
  }
}

async function judgeStep(run, hooks) {
  const title = 'element: shellcheck has nothing against its scripts';
  const words = ['--format=gcc', '--shell=sh', ...hooks];
  const { error, status, stdout } = spawnSync('shellcheck', words, { encoding: 'utf8' });
  if (error !== undefined) run.skip(title, 'shellcheck is not installed');
  else await run.step(title, () => must(status === 0, stdout.trim()));
}

async function dataStep(run, element) {
  const title = 'element: its lists of packages and services can be read';
  if (spawnSync('/usr/bin/python3', ['-c', 'import yaml']).status !== 0) {
    run.skip(title, 'python3-yaml is not installed');
    return;
  }
  const isMap = `import sys, yaml; sys.exit(0 if isinstance(yaml.safe_load(open(sys.argv[1])), dict) else 1)`;
  await run.step(title, () => {
    for (const name of ['package-installs.yaml', 'svc-map']) {
      const { status } = spawnSync('/usr/bin/python3', ['-c', isMap, join(element, name)]);
      must(status === 0, `${name} is no YAML map`);
    }
    const map = JSON.parse(readFileSync(join(element, 'pkg-map'), 'utf8'));
    must(Object.keys(map).join() === 'family', 'pkg-map has an unknown level');
  });
}

/** By their names in Debian; diskimage-builder installs nothing that is only recommended. */
function checkPackages(element) {
  const listed = readFileSync(join(element, 'package-installs.yaml'), 'utf8').match(/^[a-z0-9-]+(?=:$)/gm);
  // The bundled Node's libraries are everywhere.
  const ofNode = /^(libc6|libgcc-s1|libstdc\+\+6)$/;
  const asked = packages
    .flatMap(({ depends, recommends }) => [...depends, ...recommends])
    .map((each) => each.split(' ')[0])
    .filter((name) => !ofNode.test(name));
  const network = ['cloud-init', 'cloud-guest-utils', 'dbus', 'ifupdown', 'isc-dhcp-client', 'rsyslog'];
  const absent = [...asked, ...network].filter((name) => !listed.includes(name));
  must(absent.length === 0, `it does not install ${absent.join(' ')}`);
}

function hook(path, environment) {
  const env = { PATH: process.env.PATH, ...environment };
  return spawnSync(path, [], { env, encoding: 'utf8' });
}

function checkRefusals(element, scratch, built) {
  const extra = join(element, 'extra-data.d/50-amphorad');
  const TMP_HOOKS_PATH = join(scratch, 'hooks-refused');
  const refused = [
    [{}, 'names no package'],
    [{ DIB_AMPHORAD_PACKAGE: scratch }, 'there must be one'],
    [{ DIB_AMPHORAD_PACKAGE: join(scratch, 'absent.deb') }, 'there is no such package'],
    [{ DIB_AMPHORAD_PACKAGE: 'a', DIB_AMPHORAD_TREE: 'b' }, 'not both'],
    [{ DIB_AMPHORAD_TREE: scratch }, 'no tree of amphorad'],
    [{ DIB_AMPHORAD_NODE: 'mine' }, 'bundled or system'],
  ];
  for (const [environment, words] of refused) {
    const { status, stderr } = hook(extra, { TMP_HOOKS_PATH, ...environment });
    must(status === 1 && stderr.includes(words), `${JSON.stringify(environment)}: ${status} ${stderr}`);
  }
  const { name, path } = built.packages.at(-1);
  const environment = { TMP_HOOKS_PATH, DIB_AMPHORAD_PACKAGE: join(path, '..'), ...nodeOf(name) };
  const { status, stderr } = hook(extra, environment);
  must(status === 0, `a directory with one ${name}: ${stderr}`);
  const taken = readFileSync(join(TMP_HOOKS_PATH, 'amphorad/amphorad.deb'));
  must(taken.equals(readFileSync(path)), 'it has taken another package');
}

function checkPorts(element, scratch) {
  const root = join(scratch, 'ports-root');
  const directory = join(root, 'etc/network/interfaces.d');
  mkdirSync(directory, { recursive: true });
  for (const name of ['eth0', 'eth1']) writeFileSync(join(directory, name), `auto ${name}\n`);
  const path = join(element, 'post-install.d/92-amphorad-ports');
  for (const AMPHORAD_ROOT of [root, join(scratch, 'without-such-a-directory')]) {
    const { status, stderr } = hook(path, { AMPHORAD_ROOT });
    must(status === 0, stderr);
  }
  must(readdirSync(directory).length === 0, `it leaves ${readdirSync(directory).join()}`);
}

const nodeOf = (name) => ({ DIB_AMPHORAD_NODE: name === 'amphorad-bundled' ? 'bundled' : 'system' });

function lastBuilt(repository, unpacked, name) {
  const generated = join(repository, 'out/package/sbom.cdx.json');
  if (!existsSync(generated)) return false;
  return readFileSync(generated).equals(readFileSync(join(unpacked, 'usr/share/doc', name, 'sbom.cdx.json')));
}

/** List, modes, links and contents; the package alone has what is for dpkg and lintian. */
function compareFiles({ repository, element, scratch, unpacked, name }) {
  const hooks = join(scratch, 'hooks');
  const root = join(scratch, 'element-root');
  const environment = {
    ...nodeOf(name),
    TMP_HOOKS_PATH: hooks,
    DIB_AMPHORAD_TREE: repository,
    DIB_INIT_SYSTEM: 'systemd',
    AMPHORAD_ROOT: root,
  };
  const staged = hook(join(element, 'extra-data.d/50-amphorad'), environment);
  must(staged.status === 0, staged.stderr);
  // diskimage-builder runs it from a copy beside what was staged.
  mkdirSync(join(hooks, 'install.d'));
  const install = join(hooks, 'install.d/75-amphorad');
  copyFileSync(join(element, 'install.d/75-amphorad'), install);
  const installed = hook(install, environment);
  must(installed.status === 0, installed.stderr);
  checkGroup(install, environment, join(scratch, 'element-root-without-nogroup'));
  const expected = describe(unpacked).filter(
    ({ path }) => !path.startsWith('/DEBIAN/') && !path.startsWith('/usr/share/lintian/'),
  );
  const found = describe(root);
  const paths = (list) => list.map(({ path }) => path).join('\n');
  must(paths(found) === paths(expected), `it installs\n${paths(found)}\nthe package\n${paths(expected)}`);
  for (const [index, { path, mode, content }] of found.entries()) {
    const other = expected[index];
    must(mode === other.mode, `${path}: mode ${mode.toString(8)}, ${other.mode.toString(8)} in the package`);
    must(content.equals(other.content), `${path}: its contents are not those of the package`);
  }
}

/** On a distribution that has no group nogroup, and so no haproxy in it. */
function checkGroup(install, environment, AMPHORAD_ROOT) {
  mkdirSync(join(AMPHORAD_ROOT, 'etc'), { recursive: true });
  writeFileSync(join(AMPHORAD_ROOT, 'etc/group'), 'root:x:0:\nhaproxy:x:188:\n');
  const { status, stderr } = hook(install, { ...environment, AMPHORAD_ROOT });
  must(status === 0, stderr);
  const local = readFileSync(join(AMPHORAD_ROOT, 'etc/amphorad/local.conf'), 'utf8');
  must(/^user_group = haproxy$/m.test(local), 'haproxy is told a group that is not there');
  must((statSync(join(AMPHORAD_ROOT, 'etc/octavia')).mode & 0o077) === 0, '/etc/octavia is for everybody');
}

/** Files and links below a directory, by path. */
function describe(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => {
      const whole = join(entry.parentPath, entry.name);
      const isLink = entry.isSymbolicLink();
      const content = isLink ? Buffer.from(`-> ${readlinkSync(whole)}`) : readFileSync(whole);
      return { path: whole.slice(directory.length), mode: lstatSync(whole).mode, content };
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}
