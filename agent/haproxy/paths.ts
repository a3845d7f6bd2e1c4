// Where one load balancer's files lie. Octavia's paths, because the controller's rendered configurations name
// them, and ours beside them. Source: DESIGN "On disk", contract/octavia-1.0.md.

import { join } from 'node:path';
import { invalidInput } from '../model/errors';
import type { LoadBalancerId } from '../model/ids';

export interface HaproxyRoots {
  readonly basePath: string;
  readonly certDir: string;
  /** Where the admin and master sockets lie; `basePath` unless configured otherwise. */
  readonly runtimeDir: string;
}

export interface HaproxyPaths {
  readonly directory: string;
  readonly config: string;
  readonly candidate: string;
  readonly rejected: string;
  /** What haproxy reads: the text that is being activated, without what only root can do when the agent is not root. */
  readonly live: string;
  /** The text that the living group was started from. */
  readonly running: string;
  readonly overlay: string;
  readonly pidFile: string;
  readonly log: string;
  /** What haproxy printed in the last life or start that ended badly. */
  readonly crashLog: string;
  readonly state: string;
  /** Servers that were added at run time and are to stay. */
  readonly runtimeServers: string;
  /** What operators had set at run time, for as long as a reload takes. */
  readonly operatorState: string;
  readonly adminSocket: string;
  readonly masterSocket: string;
  /** The socket that controllers' configurations name. */
  readonly statsSocket: string;
  readonly certificates: string;
  /** Where controllers' configurations have server states loaded from. */
  readonly serversState: string;
}

/** Names every path of one load balancer. */
export function haproxyPaths(roots: HaproxyRoots, id: LoadBalancerId): HaproxyPaths {
  const directory = join(roots.basePath, id);
  const sockets = join(roots.runtimeDir, id);
  return {
    directory,
    config: join(directory, 'haproxy.cfg'),
    candidate: join(directory, 'haproxy.cfg.candidate'),
    rejected: join(directory, 'haproxy.cfg.rejected'),
    live: join(directory, 'live.cfg'),
    running: join(directory, 'running.cfg'),
    overlay: join(directory, 'overlay.cfg'),
    pidFile: join(directory, `${id}.pid`),
    log: join(directory, 'haproxy.log'),
    crashLog: join(directory, 'crash.log'),
    state: join(directory, 'state.json'),
    runtimeServers: join(directory, 'runtime-servers.json'),
    operatorState: join(directory, 'operator-state.json'),
    adminSocket: join(sockets, 'admin.sock'),
    masterSocket: join(sockets, 'master.sock'),
    statsSocket: join(roots.basePath, `${id}.sock`),
    certificates: join(roots.certDir, id),
    serversState: join(directory, 'servers-state'),
  };
}

/** The files that haproxy reads, in order. */
export function configFiles(paths: HaproxyPaths): readonly string[] {
  return [paths.live, paths.overlay];
}

// sun_path holds 108 bytes with its NUL, and haproxy first binds `<path>.<pid>.tmp`.
const socketPathBytes = 107;
const temporarySuffix = '.4194304.tmp';
const uuidBytes = 36;

/** Refuses (`invalid-input`) directories under which haproxy could not bind its sockets, with the figure; `idBytes` long are the ids in them. */
export function checkPathLengths(roots: HaproxyRoots, idBytes = uuidBytes): void {
  for (const [key, path, name] of [
    ['base_path', roots.basePath, '.sock'],
    ['runtime_dir', roots.runtimeDir, '/master.sock'],
  ] as const) {
    const most = socketPathBytes - 1 - idBytes - name.length - temporarySuffix.length;
    const length = Buffer.byteLength(path);
    if (length > most) {
      const figures = `${path} has ${length} bytes, at most ${most} fit`;
      throw invalidInput(`${key} is too long for haproxy's sockets`, figures);
    }
  }
}
