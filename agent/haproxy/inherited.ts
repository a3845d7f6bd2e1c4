// Process groups that Octavia's own agent has started: they have neither a master's socket nor one of level admin, and
// are asked by the socket that their configuration names. Whoever asks a load balancer need not know which kind it is.
// Sources: the controller's template ("stats socket … level user"), HAProxy 2.6 management guide, 9.3.

import { basename } from 'node:path';
import type { UnixSockets } from '../host/sockets';
import { AgentError } from '../model/errors';
import type { ServiceProcess, ServiceSpec } from '../supervisor/service';
import type { HaproxyPaths } from './paths';
import { toWorker } from './runtime/command';

export interface InheritedGroups {
  /** Remembers that this load balancer is served by such a group. */
  note(paths: HaproxyPaths, process: ServiceProcess): void;
  /** It is served by a group of ours from now on, or by none. */
  forget(paths: HaproxyPaths): void;
  /** The master of the group; undefined when it is ours, or none is known. */
  of(paths: Pick<HaproxyPaths, 'directory'>): ServiceProcess | undefined;
  /** The same sockets; what is asked of a master or an admin socket that such a group has not goes to the socket that it has. */
  over(sockets: UnixSockets): UnixSockets;
}

interface Entry {
  readonly process: ServiceProcess;
  readonly paths: HaproxyPaths;
}

const workerPrefix = toWorker('');

/** Makes the memory of such groups; nothing of it outlives the agent, every adoption fills it anew. */
export function createInheritedGroups(): InheritedGroups {
  const byDirectory = new Map<string, Entry>();
  const bySocket = new Map<string, Entry>();
  return {
    note(paths, process) {
      const entry = { paths, process };
      byDirectory.set(paths.directory, entry);
      bySocket.set(paths.masterSocket, entry);
      bySocket.set(paths.adminSocket, entry);
    },
    forget({ directory, masterSocket, adminSocket }) {
      byDirectory.delete(directory);
      bySocket.delete(masterSocket);
      bySocket.delete(adminSocket);
    },
    of: ({ directory }) => byDirectory.get(directory)?.process,
    over: (sockets) => ({
      async request(path, line, options) {
        const entry = bySocket.get(path);
        if (entry === undefined) return sockets.request(path, line, options);
        const { masterSocket, statsSocket } = entry.paths;
        if (path !== masterSocket) return sockets.request(statsSocket, line, options);
        if (!line.startsWith(workerPrefix))
          throw new AgentError('unavailable', 'this haproxy has no master socket');
        return sockets.request(statsSocket, line.slice(workerPrefix.length), options);
      },
      async converse(path, prompt) {
        return sockets.converse(bySocket.get(path)?.paths.statsSocket ?? path, prompt);
      },
    }),
  };
}

/** How such a group is known: by the command line of its unit. Our own read `live.cfg` and have a master's socket. */
export function inheritedSpec(
  binary: string,
  { config, pidFile, log, directory }: HaproxyPaths,
): ServiceSpec {
  const marks = [['-Ws'], ['-f', config], ['-p', pidFile]];
  return { name: basename(directory), argv: [binary], marks, through: [], logPath: log };
}

/** The second file that such a group reads, which names the account; undefined when its command line has none. */
export function accountFileOf(argv: readonly string[], { config }: HaproxyPaths): string | undefined {
  const files = argv.filter((_, at) => argv[at - 1] === '-f');
  return files[0] === config && files.length === 2 ? files[1] : undefined;
}

/** The unit by which Octavia's agent has it started. */
export function inheritedUnit({ directory }: Pick<HaproxyPaths, 'directory'>): string {
  return `haproxy-${basename(directory)}.service`;
}
