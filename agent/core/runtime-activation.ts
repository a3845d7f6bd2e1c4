// The third way through the ACTIVATE door: what a running haproxy can do itself of a new configuration it is told over
// its socket, and no worker is replaced. Any doubt, before or after, is a reason for a reload, which puts everything
// right. docs/reload-free.md describes it. Source: DESIGN "Two doors for change", contract/dataplane.md 7.
//
// INVARIANTS:
// - callers hold the gate of the load balancer, and haproxy and the policy have accepted the text;
// - before the first command it is on disk that what runs is in doubt, with the servers that are about to be touched;
// - `live.cfg` and `running.cfg` follow only when haproxy has been read back.

import { configuredServers } from '../haproxy/configured-servers';
import { pathsBeside } from '../haproxy/config/files';
import type { AnyHaproxyProcess } from '../haproxy/inherited-process';
import { effectiveConfig, type EffectiveConfig, type OverlayOptions } from '../haproxy/overlay';
import type { HaproxyPaths } from '../haproxy/paths';
import { differentServers } from '../haproxy/read-back';
import type { RuntimePlan, RuntimePlanInput } from '../haproxy/runtime-change';
import { runtimeCommand } from '../haproxy/runtime/command';
import { parseServersState, type ServerState } from '../haproxy/runtime/show-servers-state';
import { createWorkerLines, type WorkerLines } from '../haproxy/runtime/worker-lines';
import { namesHosts } from '../haproxy/server-lines';
import type { Clock } from '../host/clock';
import type { Files } from '../host/files';
import type { Log } from '../host/log';
import type { UnixSockets } from '../host/sockets';
import { AgentError, isAgentError, messageOf } from '../model/errors';
import type { LoadBalancerId } from '../model/ids';
import type { PolicyGuard } from './policy-guard';
import { digest, type RunRecord } from './run-record';
import { carryOut, readBack, touchedBy, type Changes } from './runtime-changes';
import type { KeptServersList } from './runtime/kept-servers';

export interface RuntimeAttempt {
  readonly id: LoadBalancerId;
  readonly paths: HaproxyPaths;
  /** As uploaded. */
  readonly text: string;
  /** As haproxy would read it. */
  readonly effective: EffectiveConfig;
  /** What haproxy would read, and what the living group has read. */
  readonly record: RunRecord;
  readonly running: RunRecord | undefined;
  readonly kept: KeptServersList;
  /** Records that what haproxy runs is in doubt, and which servers are about to be touched. */
  readonly doubt: (touched: readonly string[]) => Promise<void>;
}

export type Attempted =
  | { readonly isDone: true; readonly changes: number }
  /** Why a reload is needed, and which servers are no longer as the configuration in force has them. */
  | { readonly isDone: false; readonly reason: string; readonly touched: readonly string[] };

/** Makes a running haproxy follow a text without a reload, if that can be. Never throws: a reload finds what is wrong. */
export type RuntimeActivation = (attempt: RuntimeAttempt) => Promise<Attempted>;

export interface RuntimeActivationDeps {
  readonly files: Files;
  readonly log: Log;
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
  readonly sockets: UnixSockets;
  readonly haproxy: Pick<AnyHaproxyProcess, 'info' | 'isInherited'>;
  readonly guard: Pick<PolicyGuard, 'crtListsOf'>;
  readonly plan: (input: RuntimePlanInput) => RuntimePlan;
  readonly overlayOptions: () => Promise<OverlayOptions>;
  /** `[amphorad] apply`. */
  readonly apply: 'runtime-first' | 'reload';
}

/** What is known before the first command. */
interface Ground {
  readonly plan: Changes;
  readonly worker: string;
  readonly lines: WorkerLines;
  readonly before: readonly ServerState[];
  readonly certificates: ReadonlyMap<string, string>;
}

/** Makes it. */
export function createRuntimeActivation(deps: RuntimeActivationDeps): RuntimeActivation {
  return async (attempt) => {
    let ground: Ground;
    try {
      ground = await groundOf(deps, attempt);
    } catch (thrown) {
      return { isDone: false, reason: messageOf(thrown), touched: [] };
    }
    const touched = touchedBy(ground.plan);
    try {
      await attempt.doubt(touched);
      await changeAndRecord(deps, attempt, ground);
      return { isDone: true, changes: ground.plan.changes.length };
    } catch (thrown) {
      const { id: loadBalancer } = attempt;
      const detail = isAgentError(thrown) ? thrown.detail : undefined;
      const error = messageOf(thrown);
      deps.log.warning('change without a reload given up', { loadBalancer, error, detail });
      return { isDone: false, reason: 'it could not be done without', touched };
    }
  };
}

const unknown = 'what haproxy runs is not known for sure';

/** Why a reload is needed. */
function needed(reason: string): AgentError {
  return new AgentError('unsupported', reason);
}

async function changeAndRecord(
  { files, clock, haproxy }: RuntimeActivationDeps,
  { paths, text, effective }: RuntimeAttempt,
  { plan, worker, lines, before, certificates }: Ground,
): Promise<void> {
  const input = { lines, clock, plan, before, certificates };
  await carryOut(input);
  await readBack(input);
  if ((await haproxy.info(paths))?.get('Pid') !== worker)
    throw new AgentError('unavailable', 'the worker was replaced meanwhile');
  // Until the record follows them nobody trusts either, so their order is nothing.
  const written = [
    [paths.live, effective.text],
    [paths.running, text],
  ] as const;
  await Promise.all(written.map(([path, content]) => files.writeAtomic(path, content, 0o600)));
}

async function groundOf(deps: RuntimeActivationDeps, attempt: RuntimeAttempt): Promise<Ground> {
  const { paths, effective, record } = attempt;
  const running = refuseUnknown(deps, attempt);
  const changedFiles = changedBetween(running, record);
  const told = await toldText(deps, paths, running);
  const info = await deps.haproxy.info(paths);
  const [worker, version] = [info?.get('Pid'), info?.get('Version')];
  if (worker === undefined || version === undefined) throw needed('haproxy does not answer');
  const crtLists = await deps.guard.crtListsOf(effective.text);
  const list = changedFiles.find((path) => crtLists.has(path));
  if (list !== undefined) throw needed(`crt-list ${list} has changed`);
  const plan = deps.plan({ running: told, wanted: effective.text, changedFiles, crtLists, version });
  if (plan.kind === 'reload') throw needed(plan.reason);
  const certificates = await certificatesOf(deps, plan, changedFiles, record);
  const lines = createWorkerLines(deps.sockets, paths.masterSocket, Number(worker));
  const before = parseServersState(await lines.ask(runtimeCommand('show', 'servers', 'state')));
  const configured = configuredServers(told).map(({ backend, server }) => `${backend}/${server}`);
  const difference = differentServers(configured, before);
  if (difference !== undefined)
    throw needed(`haproxy has other servers than its configuration: ${difference}`);
  return { plan, worker, lines, before, certificates };
}

function refuseUnknown(
  { haproxy, apply }: RuntimeActivationDeps,
  { paths, text, record, running, kept }: RuntimeAttempt,
): RunRecord {
  if (apply === 'reload') throw needed('apply = reload');
  if (haproxy.isInherited(paths)) throw needed('it runs as the former agent has started it');
  if (running === undefined || running.fallback === true || running.unsure === true) throw needed(unknown);
  if (running.peer !== record.peer) throw needed('the peer name changes');
  if (running.binary !== record.binary) throw needed('haproxy itself has changed');
  if (running.overlay !== record.overlay) throw needed('the overlay changes');
  if (kept.servers.length > 0) throw needed('servers that were added at run time are kept');
  if (namesHosts(text)) throw needed('a server is named by host: a reload has it looked up');
  return running;
}

/** Paths of the files with another content. */
function changedBetween(running: RunRecord, { files }: RunRecord): readonly string[] {
  const paths = Object.keys(files);
  const isSame =
    paths.length === Object.keys(running.files).length && paths.every((path) => path in running.files);
  if (!isSame) throw needed('it names other files');
  return paths.filter((path) => files[path] !== running.files[path]);
}

/** What haproxy was told last; the records of it must fit together. */
async function toldText(
  { files, overlayOptions }: RuntimeActivationDeps,
  paths: HaproxyPaths,
  running: RunRecord,
): Promise<string> {
  const [live, uploaded] = await Promise.all([files.readText(paths.live), files.readText(paths.running)]);
  if (uploaded === undefined || digest(uploaded) !== running.text) throw needed(unknown);
  // A reload that was cut short before the signal has left another one.
  if (live !== effectiveConfig(uploaded, paths, await overlayOptions()).text) throw needed(unknown);
  return live;
}

// One command holds 16 KiB with its payload (tune.bufsize), and a configuration may set less.
const longestPem = 14_336;

/** Reads the certificates that a plan replaces: they must be those that were checked. */
async function certificatesOf(
  { files }: RuntimeActivationDeps,
  { changes }: Changes,
  changedFiles: readonly string[],
  record: RunRecord,
): Promise<ReadonlyMap<string, string>> {
  const certificates = new Map<string, string>();
  for (const change of changes) {
    if (change.kind !== 'certificate') continue;
    const { path } = change;
    const text = await files.readHostText(path);
    if (text === undefined || digest(text) !== record.files[path]) throw needed(`${path} changes meanwhile`);
    if (Buffer.byteLength(text) > longestPem) throw needed(`${path} is too long for a command`);
    if (pathsBeside(path).some((beside) => beside !== path && beside in record.files))
      throw needed(`${path} has other files beside it`);
    certificates.set(path, text);
  }
  const other = changedFiles.find((path) => !certificates.has(path));
  if (other !== undefined) throw needed(`${other} has changed`);
  return certificates;
}
