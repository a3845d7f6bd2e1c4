// The machine that figures were taken on, as far as it explains them: no names.
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';

/** Describes it as pairs of what and how much. */
export function describeMachine() {
  const [{ model }] = cpus();
  return [
    ['cores', String(cpus().length)],
    ['model', model.trim()],
    ['memory', `${Math.round(totalmem() / 2 ** 30)} GiB`],
    // Its number only: the rest says who built it.
    ['kernel', /^[\d.]*\d/.exec(release())[0]],
    ['Node', process.version],
    ['OpenSSL', process.versions.openssl],
    ['haproxy', versionIn('haproxy', ['-v'])],
    ['python3-octavia', versionIn('dpkg-query', ['-W', '-f=${Version}', 'python3-octavia'])],
    ['load when it began', loadavg()[0].toFixed(1)],
  ];
}

/** The first version that a program prints. */
function versionIn(program, words) {
  try {
    const printed = execFileSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return /\d+\.\d+(?:\.\d+)?/.exec(printed)?.[0] ?? 'unknown';
  } catch {
    return 'none';
  }
}
