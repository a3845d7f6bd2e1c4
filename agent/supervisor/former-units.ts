// Units of Octavia's own agent: what they run is adopted, and they must not bring it back, be it at a boot or when it
// ends because ours has taken over. Sources: systemctl(1), systemd.service(5) "Restart=", systemd.unit(5) (drop-ins).
//
// INVARIANTS:
// - without systemd, or without such a unit, nothing is done;
// - a unit file is never changed or removed: enabling it is the way back.

import { join } from 'node:path';
import type { Files } from '../host/files';
import type { Log } from '../host/log';
import type { ProcessRunner } from '../host/process';

export interface FormerUnits {
  /** Has systemd no longer start it at a boot. */
  disable(unit: string): Promise<void>;
  /** What it runs is about to end: systemd must not start it again. */
  letEnd(unit: string): Promise<void>;
  /** Takes `letEnd` back: what it runs goes on after all, or has ended. */
  settle(unit: string): Promise<void>;
  /** Takes a `letEnd` of an agent back that ended before what the unit ran. */
  settleEnded(unit: string): Promise<void>;
  /** Ends what it runs or is about to bring up, so that ours can be started; not what is about to end by itself. */
  giveWay(unit: string): Promise<void>;
  /** Ends what it runs; false when it runs nothing, or there is no systemd. */
  stop(unit: string): Promise<boolean>;
}

export interface FormerUnitsDeps {
  readonly runner: Pick<ProcessRunner, 'run'>;
  readonly files: Pick<Files, 'stat' | 'makeDirectory' | 'writeAtomic' | 'remove'>;
  readonly log: Log;
}

const booted = '/run/systemd/system';
const unitDirectories = ['/etc/systemd/system', '/lib/systemd/system', '/usr/lib/systemd/system'];
const dropIn = '50-amphorad.conf';
const timeoutMs = 30_000;

/** Makes the keeper. */
export function createFormerUnits({ runner, files, log }: FormerUnitsDeps): FormerUnits {
  async function isThere(unit: string): Promise<boolean> {
    if ((await files.stat(booted))?.kind !== 'directory') return false;
    for (const directory of unitDirectories) {
      if ((await files.stat(join(directory, unit))) !== undefined) return true;
    }
    return false;
  }

  async function systemctl(...words: readonly string[]): Promise<boolean> {
    const { code, stderr } = await runner.run(['systemctl', '--no-ask-password', ...words], { timeoutMs });
    if (code !== 0) log.warning('systemctl refuses', { words: words.join(' '), detail: stderr.trim() });
    return code === 0;
  }

  const isEnding = async (unit: string): Promise<boolean> =>
    (await files.stat(join(booted, `${unit}.d`, dropIn))) !== undefined;
  const stop = async (unit: string): Promise<boolean> =>
    (await isThere(unit)) && (await systemctl('stop', unit));

  const settle = async (unit: string): Promise<void> => {
    if (!(await isEnding(unit))) return;
    await files.remove(join(booted, `${unit}.d`));
    await systemctl('daemon-reload');
  };

  return {
    async disable(unit) {
      if (await isThere(unit)) await systemctl('disable', unit);
    },
    async letEnd(unit) {
      if (!(await isThere(unit))) return;
      const directory = join(booted, `${unit}.d`);
      await files.makeDirectory(directory, 0o755);
      await files.writeAtomic(join(directory, dropIn), '[Service]\nRestart=no\n', 0o644);
      await systemctl('daemon-reload');
    },
    settle,
    async settleEnded(unit) {
      if (!(await isEnding(unit))) return;
      const { code } = await runner.run(['systemctl', 'is-active', '--quiet', unit], { timeoutMs });
      if (code !== 0) await settle(unit);
    },
    async giveWay(unit) {
      if (!(await isEnding(unit))) await stop(unit);
    },
    stop,
  };
}
