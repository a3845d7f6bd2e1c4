// Which process manager runs the children, as [amphorad] process_manager wants it and this machine can.
// systemd runs a machine when /run/systemd/system is there (sd_booted(3)) and PID 1 is it: in a container of its
// host's /run that directory alone would lie.

import type { Config } from '../config/options';
import { invalidInput } from '../model/errors';
import type { HostWithLog } from './wire-host';

type Machine = Pick<HostWithLog, 'files' | 'system' | 'log'>;

/** Settles `auto`. Throws `invalid-input` when systemd is asked for where it cannot be used. */
export async function settleProcessManager(config: Config, host: Machine): Promise<Config> {
  const wanted = config.amphorad.process_manager;
  if (wanted === 'direct') return config;
  const obstacle = await obstacleToSystemd(host);
  if (wanted === 'systemd' && obstacle !== undefined) {
    throw invalidInput(`[amphorad] process_manager is systemd, and ${obstacle}`);
  }
  const process_manager = obstacle === undefined ? 'systemd' : 'direct';
  host.log.info('process manager', { process_manager, ...(obstacle === undefined ? {} : { obstacle }) });
  return { ...config, amphorad: { ...config.amphorad, process_manager } };
}

async function obstacleToSystemd({ files, system }: Machine): Promise<string | undefined> {
  const isBooted = (await files.stat('/run/systemd/system'))?.kind === 'directory';
  const first = (await files.readHostText('/proc/1/comm'))?.trim();
  if (!isBooted || first !== 'systemd') return `PID 1 of this machine is ${first ?? 'unknown'}, not systemd`;
  // Units of the machine are root's; a user's own manager ends with the user's session.
  return system.userId() === 0 ? undefined : 'only root may start units';
}
