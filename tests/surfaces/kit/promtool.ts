// Prometheus' own judge of metrics, rules and configurations. scripts/setup --tests unpacks it from Debian's package.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const unpacked = join(__dirname, '..', '..', '..', 'var', 'prometheus', 'usr', 'bin', 'promtool');

/** What to call; undefined where there is none. */
export const promtool: string | undefined = [unpacked, '/usr/bin/promtool', '/usr/local/bin/promtool'].find(
  (path) => existsSync(path),
);

/** Runs it and gives its exit status with all that it printed. */
export function askPromtool(
  args: readonly string[],
  input = '',
): { readonly status: number | null; readonly printed: string } {
  const { status, stdout, stderr } = spawnSync(promtool ?? 'promtool', [...args], {
    input,
    encoding: 'utf8',
  });
  return { status, printed: stdout + stderr };
}
