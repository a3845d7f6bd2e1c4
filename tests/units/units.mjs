// npm run test:units: how exposed every unit is, by systemd-analyze(1), against what is allowed; and whether systemd
// understands the units of the package. Writes docs/results/units.txt. Exit 0: all within; 77: systemd is missing.
// usage: node tests/units/units.mjs [--check]   (--check: writes nothing)
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

const root = join(import.meta.dirname, '../..');
const units = join(root, 'etc/systemd');
// Of ten. What the agent and its set-up are for asks for more than what balancing does.
const allowed = {
  'amphora-agent.service': 4.3,
  'amphora-setup.service': 7,
  'amphorad-haproxy.service': 4,
  'amphorad-keepalived-vrrp.service': 4,
  'amphorad-keepalivedlvs.service': 4,
  'amphorad-prometheus-proxy.service': 4,
};
const cannotRun = 77;

const { error, stdout } = spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' });
if (error !== undefined) {
  process.stdout.write('skipped: no systemd-analyze, so no unit is measured\n');
  process.exit(cannotRun);
}

const scratch = mkdtempSync(join(tmpdir(), 'amphorad-units-'));
try {
  for (const [file, text] of renderedUnits()) writeFileSync(join(scratch, file), text);
  for (const file of ['amphora-agent.service', 'amphora-setup.service'])
    copyFileSync(join(units, file), join(scratch, file));
  const figures = Object.entries(allowed).map(([file, most]) => ({ file, most, exposure: exposureOf(file) }));
  const lines = figures.map(
    ({ file, most, exposure }) =>
      `${file.padEnd(36)} ${exposure.toFixed(1).padStart(4)}  at most ${most.toFixed(1)}`,
  );
  const title = `Exposure by systemd-analyze security --offline, ${stdout.split(' (')[0]}: 0 is none, 10 is all`;
  const report = `${title}\n\n${lines.join('\n')}\n`;
  process.stdout.write(report);
  if (!process.argv.includes('--check')) writeFileSync(join(root, 'docs/results/units.txt'), report);
  const strange = misunderstood();
  for (const line of strange) process.stdout.write(`not understood: ${line}\n`);
  const hides = hidesCertificates();
  if (hides) process.stdout.write('var-lib-octavia-certs.mount hides certificates that lie there\n');
  const within = figures.every(({ most, exposure }) => exposure <= most);
  process.exitCode = within && strange.length === 0 && !hides ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function renderedUnits() {
  const outfile = join(scratch, 'rendered.cjs');
  buildSync({
    entryPoints: [join(import.meta.dirname, 'rendered.ts')],
    outfile,
    bundle: true,
    platform: 'node',
  });
  return createRequire(import.meta.url)(outfile).renderUnits();
}

function exposureOf(file) {
  const words = ['security', '--offline=true', '--no-pager', join(scratch, file)];
  const { stdout: told, stderr } = spawnSync('systemd-analyze', words, { encoding: 'utf8' });
  const figure = /Overall exposure level for \S+: ([\d.]+)/.exec(told)?.[1];
  if (figure === undefined) throw new Error(`${file}: ${stderr}`);
  return Number(figure);
}

/** Whether the mount of certificates is made over some, or not made where there are none. */
function hidesCertificates() {
  const text = readFileSync(join(units, 'var-lib-octavia-certs.mount'), 'utf8');
  const condition = /^Condition.*$/m.exec(text)?.[0] ?? '';
  const isMade = (directory) => {
    const words = ['condition', condition.replace('/var/lib/octavia/certs', directory)];
    return spawnSync('systemd-analyze', words).status === 0;
  };
  const [full, empty] = ['full', 'empty'].map((name) => join(scratch, name));
  for (const directory of [full, empty]) mkdirSync(directory);
  writeFileSync(join(full, 'listener.pem'), '');
  return isMade(full) || !isMade(empty);
}

/** What `systemd-analyze verify` remarks on the lines of our own files; of programs that are not installed here it may. */
function misunderstood() {
  const own = [
    'amphora-agent.service',
    'amphora-setup.service',
    'amphorad.slice',
    'var-lib-octavia-certs.mount',
  ];
  const paths = own.map((name) => join(units, name));
  const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...paths], { encoding: 'utf8' });
  return stderr.split('\n').filter((line) => line.includes(units) && /:\d+: /.test(line));
}
