// A systemd by script, on top of the scripted runner: transient units, and the words in which systemd 252 refuses.

import type { ScriptedRunner } from './scripted-runner';

export interface ScriptedSystemd {
  /** The units that are loaded, and the pid of each; 0 for one that failed and was not forgotten. */
  units(): ReadonlyMap<string, number>;
  /** Loads a unit that the code under test did not start. */
  plant(unit: string, pid: number): void;
  /** Takes systemd's answers away, as where it is not PID 1. */
  takeOffline(): void;
}

const offline = {
  code: 1,
  stderr:
    "System has not been booted with systemd as init system (PID 1). Can't operate.\n" +
    'Failed to connect to bus: Host is down\n',
};

/** Puts a systemd on a machine of fakes; what its units run is what the runner's own rules say. */
export function installSystemd(runner: ScriptedRunner): ScriptedSystemd {
  const units = new Map<string, number>();
  const state = { isOffline: false };

  const isAlive = (pid: number): boolean =>
    runner.processes().some((process) => process.pid === pid && process.state !== 'Z');
  const loaded = (): Map<string, number> => {
    // `--collect`: what has ended is forgotten.
    for (const [unit, pid] of units) if (pid !== 0 && !isAlive(pid)) units.delete(unit);
    return units;
  };
  const optionOf = (argv: readonly string[], option: string): string =>
    argv.find((word) => word.startsWith(option))?.slice(option.length) ?? '';

  const run = async (argv: readonly string[]): Promise<{ code: number; stderr?: string }> => {
    if (state.isOffline) return offline;
    const unit = optionOf(argv, '--unit=');
    if (loaded().has(unit)) {
      const stderr = `Failed to start transient service unit: Unit ${unit} was already loaded or has a fragment file.\n`;
      return { code: 1, stderr };
    }
    const command = argv.slice(argv.indexOf('--') + 1).map((word) => word.replaceAll('$$', '$'));
    try {
      const { pid } = await runner.startDetached(command, {
        logPath: optionOf(argv, '--property=StandardOutput=append:'),
      });
      units.set(unit, pid);
      return { code: 0, stderr: `Running as unit: ${unit}\n` };
    } catch {
      const stderr = `Job for ${unit} failed because the control process exited with error code.\n`;
      return { code: 1, stderr };
    }
  };

  runner.script({ match: /^systemd-run /, result: run });
  runner.script({
    match: /^systemctl .*show --property=MainPID --value /,
    result: (argv) => (state.isOffline ? offline : { stdout: `${loaded().get(argv.at(-1) ?? '') ?? 0}\n` }),
  });
  runner.script({
    match: /^systemctl .*reset-failed /,
    result: (argv) => {
      const unit = argv.at(-1) ?? '';
      if (loaded().get(unit) !== 0) return { code: 1, stderr: `Unit ${unit} not loaded.\n` };
      units.delete(unit);
      return {};
    },
  });

  return {
    units: loaded,
    plant: (unit, pid) => units.set(unit, pid),
    takeOffline: () => Object.assign(state, { isOffline: true }),
  };
}
