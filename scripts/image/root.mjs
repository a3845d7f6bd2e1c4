// An amphora's root directory: Debian with a kernel, systemd, cloud-init and our package, by mmdebstrap(1).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const release = 'bookworm';
const packages = [
  // The cloud kernel has all that balancing takes (ip_vs, nf_tables, 8021q, hot-plug of PCI), and few drivers.
  'linux-image-cloud-amd64',
  'systemd-sysv',
  'systemd-timesyncd',
  'dbus',
  'udev',
  'kmod',
  'cloud-init',
  // growpart(1): the disk that a flavour gives is larger than the image.
  'cloud-guest-utils',
  'fdisk',
  'e2fsprogs',
  // A controller's user data names a time zone (amp_timezone).
  'tzdata',
  // What the agent calls beside what its package depends on: announcements over IPv6, members that are pinged.
  'libndp-tools',
  'iputils-ping',
  // The traffic log: haproxy writes it to a socket of rsyslog's.
  'rsyslog',
  'logrotate',
  'ca-certificates',
];
const leftOut = [
  'path-exclude=/usr/share/man/*',
  'path-exclude=/usr/share/locale/*',
  'path-exclude=/usr/share/doc/*',
  'path-include=/usr/share/doc/*/copyright',
];

/** Makes the root in an empty directory; rejects with the last of what mmdebstrap said. */
export async function makeRoot({ directory, packagePath, epoch }) {
  const words = [
    '--mode=root',
    '--variant=apt',
    `--include=${packages.join(',')}`,
    ...leftOut.map((line) => `--dpkgopt=${line}`),
    '--aptopt=Apt::Install-Recommends "false"',
    `--customize-hook=${join(import.meta.dirname, 'customize')}`,
    release,
    directory,
    '-',
  ];
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(epoch), AMPHORAD_PACKAGE: packagePath };
  const child = spawn('mmdebstrap', words, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let told = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (told += chunk));
  child.stdin.end(aptSources());
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`mmdebstrap: ${told.trim().slice(-1500)}`);
}

/** Where this machine gets Debian's own packages from: stanzas, or lines, that name the release. */
function aptSources() {
  const directory = '/etc/apt/sources.list.d';
  const names = existsSync(directory) ? readdirSync(directory).sort() : [];
  const texts = ['/etc/apt/sources.list', ...names.map((name) => join(directory, name))]
    .filter((path) => /\.(list|sources)$/.test(path) && existsSync(path))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
  const ofRelease = (part) => new RegExp(`\\s${release}(-updates|-security)?(\\s|$)`).test(part);
  const parts = texts.flatMap(({ path, text }) => text.split(path.endsWith('.sources') ? /\n\s*\n/ : '\n'));
  return `${parts.filter((part) => ofRelease(part) && !/^\s*#.*$/.test(part)).join('\n\n')}\n`;
}
