// What Debian's own judge of packages says.
import { spawnSync } from 'node:child_process';
import { must } from './run.mjs';

/** Runs lintian over each package: neither errors nor warnings. */
export async function lintSteps({ run, built }) {
  for (const { name, path } of built.packages) {
    const title = `lintian has nothing against ${name}`;
    const { error, status, stdout } = spawnSync(
      'lintian',
      ['--no-cfg', '--allow-root', '--fail-on', 'error,warning', path],
      { encoding: 'utf8' },
    );
    if (error !== undefined) run.skip(title, 'lintian is not installed');
    else await run.step(title, () => must(status === 0 && stdout === '', stdout.trim()));
  }
}
