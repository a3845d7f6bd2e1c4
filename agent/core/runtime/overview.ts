// What haproxies say of themselves as a whole: which can be reached, their process facts, all their statistics, and
// whether every backend can serve. Source: contract/runtime.md 6.3 to 6.6, 6.10.

import { runtimeCommand, type ServerName } from '../../haproxy/runtime/command';
import { parseShowInfo } from '../../haproxy/runtime/show-info';
import type { StatRow } from '../../haproxy/runtime/show-stat';
import { isAgentError, type AgentError } from '../../model/errors';
import { createLimiter } from '../../model/limiter';
import type { Instance, Instances } from './instances';
import { readServer, readStats, rowTypes, type RowType } from './look';
import { refuseServerName, type RuntimeServer } from './servers';

export interface InstanceView {
  readonly name: string;
  readonly type: Instance['type'];
  /** True for a load balancer of this amphora. */
  readonly isOwn: boolean;
  readonly facts:
    | {
        readonly version: string;
        /** `user`, `operator` or `admin`; only the last may change servers. '' when it is not told. */
        readonly level: string;
        readonly uptimeS: number;
      }
    /** Why it cannot be reached. */
    | { readonly error: AgentError };
}

export interface Readiness {
  readonly up: number;
  readonly total: number;
}

export interface Overview {
  instances(): Promise<readonly InstanceView[]>;
  /** Process facts by haproxy's own names. */
  info(
    instance: string | undefined,
  ): Promise<{ readonly instance: string; readonly facts: ReadonlyMap<string, string> }>;
  /** Rows of the statistics; undefined leaves a choice open. */
  stats(
    instance: string | undefined,
    type: RowType | undefined,
    proxy: string | undefined,
  ): Promise<{
    readonly instance: string;
    readonly names: readonly string[];
    readonly rows: readonly StatRow[];
  }>;
  /** One server with all its columns. Throws `backend_not_found`, `server_not_found`. */
  server(
    instance: string | undefined,
    name: ServerName,
  ): Promise<{
    readonly instance: string;
    readonly server: RuntimeServer;
    readonly names: readonly string[];
  }>;
  /** How many servers of each backend take traffic. */
  readiness(
    instance: string | undefined,
  ): Promise<{ readonly instance: string; readonly backends: ReadonlyMap<string, Readiness> }>;
}

const mostAtOnce = 16;

/** Makes the readers. */
export function createOverview(instances: Instances): Overview {
  const atOnce = createLimiter(mostAtOnce);
  return {
    async instances() {
      const all = await instances.list();
      return Promise.all(all.map((instance) => atOnce(() => view(instance))));
    },

    async info(wanted) {
      const { name, channel } = await instances.find(wanted);
      return { instance: name, facts: parseShowInfo(await channel.read(runtimeCommand('show', 'info'))) };
    },

    async stats(wanted, type, proxy) {
      const { name, channel } = await instances.find(wanted);
      const { names, rows } = await readStats(channel);
      const chosen = rows.filter(
        (row) =>
          (type === undefined || row.column('type') === rowTypes[type]) &&
          (proxy === undefined || row.proxy === proxy),
      );
      return { instance: name, names, rows: chosen };
    },

    async server(wanted, name) {
      refuseServerName(name);
      const { name: instance, channel } = await instances.find(wanted);
      return { instance, ...(await readServer(channel, name)) };
    },

    async readiness(wanted) {
      const { name, channel } = await instances.find(wanted);
      const { rows } = await readStats(channel);
      return { instance: name, backends: readinessOf(rows) };
    },
  };
}

function readinessOf(rows: readonly StatRow[]): ReadonlyMap<string, Readiness> {
  const backends = new Map<string, Readiness>();
  for (const { proxy, column } of rows) {
    if (column('type') === rowTypes.backend) backends.set(proxy, { up: 0, total: 0 });
  }
  for (const { proxy, status, column } of rows) {
    const { up, total } = backends.get(proxy) ?? { up: 0, total: 0 };
    if (column('type') !== rowTypes.server) continue;
    // `UP`, `UP 1/3`, and servers without a check.
    const isUp = status.startsWith('UP') || status === 'no check';
    backends.set(proxy, { up: up + (isUp ? 1 : 0), total: total + 1 });
  }
  return backends;
}

async function view({ name, type, loadBalancer, channel }: Instance): Promise<InstanceView> {
  const known = { name, type, isOwn: loadBalancer !== undefined };
  try {
    const facts = parseShowInfo(await channel.read(runtimeCommand('show', 'info')));
    const level = (await channel.read(runtimeCommand('show', 'cli', 'level'))).trim();
    return {
      ...known,
      facts: {
        version: facts.get('Version') ?? '',
        level: /^(?:user|operator|admin)$/.test(level) ? level : '',
        uptimeS: Number(facts.get('Uptime_sec')) || 0,
      },
    };
  } catch (error) {
    if (!isAgentError(error)) throw error;
    return { ...known, facts: { error } };
  }
}
