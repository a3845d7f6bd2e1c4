// A host with a fake haproxy on it: everything is the given host's but haproxy's program, processes and sockets, and no
// other program is ever started: what asks for one is told that it is not there (ENOENT).

import { basename, dirname } from 'node:path';
import type { AgentHost } from '../../boot/wire-host';
import type { Config } from '../../config/options';
import type { Files } from '../../host/files';
import type { FakeHaproxy } from '../fake-load-balancer';
import { createFakeHaproxy } from './fake-haproxy';
import { createFaults } from './faults';
import { alert, startFakeGroup, valuesOf, type FakeGroup } from './group';
import { createProcessTable, isFakePid, type ProcessTable } from './process-table';
import { createFakeRunner, judgeFiles } from './runner';
import { createFakeSockets } from './sockets';

export interface FakeHost {
  readonly host: AgentHost;
  readonly haproxy: FakeHaproxy;
}

const privateMode = 0o600;

/** Puts a fake haproxy on a host. Another agent that is started over the same fake host finds what the first one left running. */
export function createFakeHost(real: AgentHost): FakeHost {
  const { files, clock } = real;
  const table = createProcessTable(clock, real.system.userId());
  const faults = createFaults();
  const started = new Map<string, FakeGroup>();
  const groups = (): ReadonlyMap<string, FakeGroup> => {
    for (const [id, { master }] of started) if (table.of(master.pid) !== master) started.delete(id);
    return started;
  };

  const start = async (argv: readonly string[], logPath: string): Promise<FakeGroup> => {
    const [pidFile = ''] = valuesOf(argv, '-p');
    const id = basename(pidFile, '.pid');
    const group = startFakeGroup(
      { id, argv },
      {
        clock,
        table,
        read: async (paths) => Promise.all(paths.map(async (path) => (await files.readText(path)) ?? '')),
        judge: (paths) => judgeFiles(paths, files),
        print: (text) => append(files, logPath, text),
        take: (kind) => faults.take(id, kind),
      },
    );
    started.set(id, group);
    await files.writeAtomic(pidFile, `${group.master.pid}\n`, privateMode);
    return group;
  };
  const runner = createFakeRunner({
    real: real.runner,
    table,
    files,
    groups: () => [...groups().values()],
    start,
    checkFault(paths) {
      const fault = faults.take(basename(dirname(paths[0] ?? '')), 'check-fails');
      return fault && (fault.printed ?? alert('the check was scripted to fail'));
    },
  });
  const peerAt = (path: string) => {
    for (const group of groups().values()) {
      const peer = group.peerAt(path);
      if (peer !== undefined) return peer;
    }
    return undefined;
  };
  const sockets = createFakeSockets({ real: real.sockets, clock, peerAt });
  return {
    host: { ...real, runner, sockets, files: filesOfFake(files, table) },
    haproxy: createFakeHaproxy({ faults, groups }),
  };
}

/** What `startAgent` gets of a configuration over a fake host: no namespace, and no process manager but the agent itself. */
export function withFakeHaproxy(config: Config): Config {
  return { ...config, amphorad: { ...config.amphorad, network_namespace: '', process_manager: 'direct' } };
}

/** The same files; /proc has the fake's processes, and a kernel that lets any address be bound. */
function filesOfFake(files: Files, table: ProcessTable): Files {
  return {
    ...files,
    async readHostText(path) {
      if (/^\/proc\/sys\/net\/ipv[46]\/ip_nonlocal_bind$/.test(path)) return '1\n';
      const pid = Number(/^\/proc\/(\d+)\/stat$/.exec(path)?.[1] ?? 0);
      if (!isFakePid(pid)) return files.readHostText(path);
      const process = table.of(pid);
      return process && `${pid} (haproxy) ${process.state} ${process.parentPid} ${pid} 0`;
    },
  };
}

async function append(files: Files, path: string, text: string): Promise<void> {
  await files.writeAtomic(path, `${(await files.readText(path)) ?? ''}${text}\n`, privateMode);
}
