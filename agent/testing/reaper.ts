// Cleans up after a test process that cannot do it any more: Ctrl-C, kill -9, a test runner that ends its workers. A shell
// waits on a pipe; when the other end closes without a word, it ends agent and haproxy and removes the directory.

import { spawn } from 'node:child_process';
import { basename } from 'node:path';

export interface Reaper {
  /** Sends it away, and resolves when it is gone. */
  dismiss(): Promise<void>;
}

export interface Reaped {
  readonly directory: string;
  /** Whether the directory goes, too. */
  readonly removes: boolean;
  readonly haproxy: string;
}

// Arguments: the directory, whether it is removed, the name of haproxy's program. Known by their program and by a path below the
// directory in their arguments, as in leftovers.ts; the agent goes first, and without a chance to start anything again.
const script = `
trap '' HUP INT TERM
read -r word && exit 0
directory=$1
removes=$2
haproxy=$3
named() {
  for file in $(grep -lsaF "$directory/" /proc/[0-9]*/cmdline); do
    program=$(tr '\\0' '\\n' 2>/dev/null <"$file" | head -n 1)
    pid=\${file#/proc/}
    case $1,\${program##*/} in
      agent,node*) if grep -qsaF amphorad.cjs "$file"; then echo "\${pid%/cmdline}"; fi ;;
      rest,"$haproxy" | rest,keepalived) echo "\${pid%/cmdline}" ;;
    esac
  done
}
kill -9 $(named agent)
proxy=$(sed -n 's/.*"pid": *\\([0-9]*\\).*/\\1/p' "$directory/lib/prometheus-proxy.json" | head -n 1)
if grep -qsaF prometheus-proxy.cjs "/proc/$proxy/cmdline"; then kill "$proxy"; fi
kill $(named rest)
for turn in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
  left=$(named rest)
  [ -n "$left" ] || break
  sleep 0.1
done
kill -9 $left
[ "$removes" = yes ] && rm -rf "$directory"
`;

/** Sets one up for an amphora's directory. It does what it can: that there is none is no failure. */
export function setReaper({ directory, removes, haproxy }: Reaped): Reaper {
  const words = [directory, removes ? 'yes' : 'no', basename(haproxy)];
  const child = spawn('/bin/sh', ['-c', script, 'amphora-reaper', ...words], {
    // A session of its own: Ctrl-C is for the tests.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' },
    cwd: '/',
  });
  const gone = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  child.stdin.on('error', () => undefined);
  child.unref();
  return {
    dismiss() {
      child.ref();
      child.stdin.end('done\n');
      return gone;
    },
  };
}
