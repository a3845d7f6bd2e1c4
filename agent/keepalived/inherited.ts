// keepalived as Octavia's own agent has it run: by a unit, on the upload itself, logging to syslog. Adopted as it is, it
// goes on until it is stopped; a reload has it read its own file again, which keeps its addresses and services. Source:
// Octavia's unit of keepalived (`keepalived --log-facility=<n> -f <upload> -p <pid file> [-r <pid file> -c <pid file>]`).

import type { Files } from '../host/files';
import type { ServiceProcess, ServiceSpec, Supervisor } from '../supervisor/service';

export interface InheritedFiles {
  readonly config: string;
  readonly live: string;
  readonly pidFile: string;
}

/** How it is known: ours read `live`. */
export function inheritedKeepalived(spec: ServiceSpec, { config, pidFile }: InheritedFiles): ServiceSpec {
  return {
    ...spec,
    marks: [
      ['-f', config],
      ['-p', pidFile],
    ],
  };
}

/** Finds a living keepalived by its record, else by its pid file: one of ours, else one of Octavia's agent. */
export async function findKeepalived(
  { supervisor, files }: { readonly supervisor: Supervisor; readonly files: Files },
  spec: ServiceSpec,
  paths: InheritedFiles,
  recorded: ServiceProcess | undefined,
): Promise<ServiceProcess | undefined> {
  const specs = [spec, inheritedKeepalived(spec, paths)];
  if (recorded !== undefined) {
    for (const each of specs) if (await supervisor.isOurs(each, recorded)) return recorded;
  }
  const pid = Number((await files.readText(paths.pidFile))?.trim());
  if (!Number.isInteger(pid) || pid < 2) return undefined;
  for (const each of specs) {
    const found = await supervisor.recognise(each, pid);
    if (found !== undefined) return found;
  }
  return undefined;
}
