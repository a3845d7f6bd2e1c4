// One call from nothing to an agent that answers: directory, PKI, configuration, receiver of heartbeats, agent, client.
// What was begun is undone when any of it fails.

import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { variableOf } from '../config/options';
import type { ConfigSources } from '../config/sources';
import type { AgentHost } from '../boot/wire-host';
import type { ReadAuthorities } from '../core/client-trust';
import type { PackageVersions } from '../core/packages';
import { parseAmphoraId } from '../model/ids';
import {
  newDirectory,
  pathsIn,
  pathValue,
  refuseOwn,
  removeDirectory,
  writeCertificates,
  writeConfiguration,
  type Sections,
  type SharedCertificates,
} from './agent-files';
import type { Amphora, AmphoraOptions, AmphoraPaths } from './amphora';
import { startChild } from './child-agent';
import { createFakeHost } from './fake-haproxy/fake-host';
import { fakeHaproxyDialect } from './fake-haproxy/dialect';
import type { ThrowAwayPki } from './certificates';
import type { FakeHaproxy, FakeLoadBalancer } from './fake-load-balancer';
import { findHaproxy } from './harness-host';
import { openHealthManager } from './health-manager';
import type { HealthManager } from './heartbeats';
import { createHttpsClient } from './https-client';
import { endLeftovers } from './leftovers';
import { createLife } from './life';
import { makePki } from './pki';
import { createRecordedLog, type RecordedLog } from './recorded-log';
import { setReaper } from './reaper';
import { startInProcess, type RunningAgent } from './running-agent';
import { readable, undoAll, type Undo } from './undo';

/** What is settled before the first life of the agent. */
interface Stage {
  readonly options: AmphoraOptions;
  readonly amphoraId: string;
  readonly paths: AmphoraPaths;
  readonly haproxy: string;
  readonly host: AgentHost;
  /** Undefined: the real one. */
  readonly fake: FakeHaproxy | undefined;
  readonly manager: HealthManager;
  readonly log: RecordedLog;
  readonly ground: Ground;
}

// Nothing lies there: the runner of the fake host knows it by its name.
const fakeCommand = '/usr/sbin/haproxy';
const defaultIntervalMs = 500;
const portVariable = variableOf({ section: 'haproxy_amphora', key: 'bind_port' });

/** What amphorae in one process share. */
export interface Ground {
  readonly host: AgentHost;
  /** The certificates of authority and client, where they lie already. */
  readonly certificates?: SharedCertificates;
  /** How long after its start an agent sends its first heartbeat; asked at each start. */
  readonly heartbeatAfterMs: () => number;
  /** Default: each reads the authority's certificate for itself. */
  readonly readAuthorities?: ReadAuthorities;
  /** Default: each reads which packages are installed for itself. */
  readonly packages?: PackageVersions;
  /** Default: as the PKI issues them, each with a key of its own. */
  readonly issueServer?: ThrowAwayPki['issueServer'];
}

/** Starts an amphora on a ground that others may share. Throws with what is missing or wrong, and leaves nothing behind then. */
export async function startAmphoraOn(options: AmphoraOptions, ground: Ground): Promise<Amphora> {
  const undo: Undo = [];
  try {
    return await begin(await settle(options, ground, undo), undo);
  } catch (thrown) {
    // Why it did not start is what there is to say.
    await undoAll(undo).catch(() => undefined);
    throw readable(thrown);
  }
}

async function settle(options: AmphoraOptions, ground: Ground, undo: Undo): Promise<Stage> {
  refuseOwn(options.config ?? {});
  const isFake = options.fakeHaproxy === true;
  const haproxy = isFake ? fakeCommand : findHaproxy(options.haproxyCommand, process.env);
  const amphoraId = parseAmphoraId(options.amphoraId ?? randomUUID());
  const { host: real } = ground;
  const { host, haproxy: fake } =
    isFake && options.process !== 'child' ? createFakeHost(real) : { host: real, haproxy: undefined };
  const paths = pathsIn(resolve(options.directory ?? newDirectory()));
  const removes = options.directory === undefined;
  if (options.stopChildren !== false && (!isFake || options.process === 'child')) {
    const reaper = setReaper({ directory: paths.directory, removes, haproxy });
    undo.push(() => reaper.dismiss());
  }
  if (removes) undo.push(() => removeDirectory(paths.directory));
  const manager = options.healthManager ?? (await openHealthManager(host));
  if (options.healthManager === undefined) undo.push(() => manager.close());
  return {
    options,
    amphoraId,
    paths,
    haproxy,
    host,
    fake,
    manager,
    log: createRecordedLog(),
    ground,
  };
}

async function begin(stage: Stage, undo: Undo): Promise<Amphora> {
  const { options, amphoraId, paths, haproxy, host, manager, log } = stage;
  const pki = options.pki ?? makePki();
  const certificates = await writeCertificates(
    host.files,
    paths.certificates,
    { ...pki, ...(stage.ground.issueServer && { issueServer: stage.ground.issueServer }) },
    amphoraId,
    stage.ground.certificates,
  );
  await writeConfiguration(host.files, paths, configurationOf(stage), options.config ?? {});
  // A fake has no process that could be left.
  if (options.fakeHaproxy !== true) undo.push(() => endLeftovers(paths.basePath, haproxy, host));
  const first = await startAgentOf(stage, undefined);
  const { port } = first;
  const life = createLife(first, () => startAgentOf(stage, port));
  const client = createHttpsClient({ port, amphoraId, caPem: pki.ca.certificatePem, ...pki.client });
  const ownManager = options.healthManager === undefined ? [() => manager.close()] : [];
  const atTheEnd: Undo = options.stopChildren === false ? ownManager : undo;
  atTheEnd.push(
    () => life.end(),
    () => client.hangUp(),
  );
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= undoAll(atTheEnd));
  const parted = (what: () => Promise<void>) => (): Promise<void> => {
    client.hangUp();
    return what();
  };
  return {
    amphoraId,
    url: `https://127.0.0.1:${port}`,
    port,
    get pid() {
      return life.pid;
    },
    certificates,
    paths,
    client,
    heartbeats: manager.of(amphoraId),
    log: { entries: log.entries, messages: (level) => log.messages(level) },
    haproxy: (id) => steer(stage, id),
    restart: parted(() => life.restart()),
    kill: parted(() => life.kill()),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function steer({ fake, options }: Stage, id: string): FakeLoadBalancer {
  if (fake !== undefined) return fake.of(id);
  throw new Error(
    options.fakeHaproxy === true
      ? `an agent in a process of its own is steered by PUT /fake-haproxy/${id}`
      : 'this amphora has a real haproxy: start it with fakeHaproxy: true',
  );
}

function configurationOf({ options, amphoraId, paths, haproxy, manager, ground }: Stage): Sections {
  return {
    haproxy_amphora: {
      base_path: pathValue(paths.basePath),
      bind_host: '127.0.0.1',
      bind_port: 0,
      haproxy_cmd: pathValue(haproxy),
    },
    amphora_agent: {
      amphora_id: amphoraId,
      agent_server_cert: pathValue(`${paths.certificates}/server.pem`),
      agent_server_ca: pathValue(ground.certificates?.ca.path ?? `${paths.certificates}/ca.pem`),
      agent_server_network_dir: pathValue(`${paths.directory}/interfaces`),
    },
    health_manager: {
      controller_ip_port_list: manager.target,
      heartbeat_interval: (options.heartbeatIntervalMs ?? defaultIntervalMs) / 1_000,
      heartbeat_key: manager.key,
    },
    amphorad: { network_namespace: '', process_manager: 'direct', template_dir: '', log_format: 'json' },
  };
}

/** Starts the next life; every one but the first has the port of the first. */
function startAgentOf(
  { options, paths, host, fake, log, ground }: Stage,
  port: number | undefined,
): Promise<RunningAgent> {
  const environment: Readonly<Record<string, string>> =
    port === undefined ? {} : { [portVariable]: String(port) };
  if (options.process === 'child') {
    return startChild({
      paths,
      fakeHaproxy: options.fakeHaproxy === true,
      clock: host.clock,
      environment,
      log: ({ level, message, fields }) => log[level](message, fields),
    });
  }
  const sources: ConfigSources = {
    configFiles: [paths.agentConf],
    configDirs: [],
    localFiles: [{ path: paths.localConf, required: true }],
    environment,
  };
  return startInProcess(
    sources,
    { ...host, log },
    {
      heartbeatAfterMs: ground.heartbeatAfterMs(),
      ...(ground.packages && { packages: ground.packages }),
      ...(ground.readAuthorities && { readAuthorities: ground.readAuthorities }),
      ...(fake && { furtherDialects: fakeHaproxyDialect(fake) }),
    },
  );
}
