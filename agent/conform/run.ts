// Runs the groups of one dialect, in their order, and removes what they made. One case after the other: a contract is
// about order too. A signal ends it after the case that is under way; what was made is removed all the same.

import type { Clock } from '../host/clock';
import { messageOf } from '../model/errors';
import type { Bench } from './bench';
import type { Access, CallCase, Case, Dialect, Group } from './case';
import { cleanUp, withFreePorts } from './cleanup';
import { expectedText, faultsOf, gotText } from './expectation';
import type { Heartbeats } from './heartbeats';
import type { Scene } from './scene';
import { shapeOf } from './shape';

export type Verdict = 'pass' | 'fail' | 'not applicable';

/** One line of the table. */
export interface Row {
  readonly dialect: Dialect;
  readonly group: string;
  readonly name: string;
  readonly says: string;
  readonly better: boolean;
  readonly expected: string;
  readonly got: string;
  readonly verdict: Verdict;
  /** What is wrong, or why it does not apply. */
  readonly because: readonly string[];
}

/** A group that was not allowed. */
export interface LeftOut {
  readonly dialect: Dialect;
  readonly group: string;
  readonly cases: number;
  readonly needs: Access;
}

export interface Report {
  readonly rows: readonly Row[];
  readonly leftOut: readonly LeftOut[];
  /** What could not be removed. */
  readonly leftBehind: readonly string[];
}

export interface RunDeps {
  readonly bench: Bench;
  readonly heartbeats: Heartbeats | undefined;
  readonly allowed: ReadonlySet<Access>;
  /** Of `dialect/group: case`; undefined: all. A group that changes something is run up to its last case that is meant: the others prepare it. */
  readonly only: RegExp | undefined;
  readonly keepGoing: boolean;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly told: (row: Row) => void;
}

const retryPollMs = 200;
// What comes after the clean-up: neither makes a load balancer, and both may cut the way to the agent.
const lastAccesses: readonly Access[] = ['replace-config', 'rotate'];

/** Runs the groups of a dialect over a scene. */
export async function runDialect(
  dialect: Dialect,
  groups: readonly Group[],
  first: Scene,
  deps: RunDeps,
): Promise<Report> {
  const own = groups.filter(
    (group) => group.dialect === dialect && meantOf(group, first, deps.only).length > 0,
  );
  const rows: Row[] = [];
  const leftBehind: string[] = [];
  let scene = first;
  const run = async (chosen: readonly Group[]): Promise<void> => {
    for (const group of chosen) {
      scene = await learned(group, scene, deps.bench);
      for (const each of meantOf(group, scene, deps.only)) {
        const isOver = !deps.keepGoing && rows.some(({ verdict }) => verdict === 'fail');
        if (isAborted(deps) || isOver) return;
        const row = await rowOf(group, each, deps);
        // A wait that was cut short says nothing of the agent.
        if (isAborted(deps) && 'heartbeat' in each) return;
        rows.push(row);
        deps.told(row);
      }
    }
  };
  const allowed = own.filter(({ access }) => deps.allowed.has(access));
  const early = allowed.filter(({ access }) => !lastAccesses.includes(access));
  try {
    if (early.some(({ access }) => access === 'changes'))
      scene = await withFreePorts(scene, dialect, deps.bench).catch(() => scene);
    await run(early);
  } finally {
    leftBehind.push(...(await cleanUp(scene, dialect, deps.bench)));
  }
  await run(allowed.filter(({ access }) => lastAccesses.includes(access)));
  const leftOut = own
    .filter((group) => !allowed.includes(group))
    .map((group) => ({
      dialect,
      group: group.name,
      cases: meantOf(group, scene, deps.only).length,
      needs: group.access,
    }));
  return { rows, leftOut, leftBehind };
}

function isAborted({ signal }: RunDeps): boolean {
  return signal.aborted;
}

/** What cannot be learned shows in the cases. */
function learned({ learn }: Group, scene: Scene, bench: Bench): Promise<Scene> {
  return learn === undefined ? Promise.resolve(scene) : learn(scene, bench).catch(() => scene);
}

/** The cases of a group up to the last one that is meant: those before it prepare it, but where all only read. */
function meantOf(group: Group, scene: Scene, only: RegExp | undefined): readonly Case[] {
  const cases = group.cases(scene);
  const isMeant = (each: Case): boolean => only?.test(nameOf(group, each)) ?? true;
  return group.access === 'read' ? cases.filter(isMeant) : cases.slice(0, cases.findLastIndex(isMeant) + 1);
}

function nameOf({ dialect, name }: Group, each: Case): string {
  return `${dialect}/${name}: ${each.name}`;
}

async function rowOf(group: Group, each: Case, deps: RunDeps): Promise<Row> {
  const { name, says, better = false } = each;
  const common = { dialect: group.dialect, group: group.name, name, says, better };
  if ('heartbeat' in each) {
    const expected = `heartbeat ${shapeOf(each.heartbeat).text}`;
    if (deps.heartbeats === undefined) {
      const because = ['no --listen and --heartbeat-key-file were given'];
      return { ...common, expected, got: '', verdict: 'not applicable', because };
    }
    const { faults, got } = await deps.heartbeats.wait(each.heartbeat);
    return { ...common, expected, got, verdict: faults.length === 0 ? 'pass' : 'fail', because: faults };
  }
  return { ...common, expected: expectedText(each.expect), ...(await triedAgain(each, deps)) };
}

type Trial = Pick<Row, 'got' | 'verdict' | 'because'>;

async function triedAgain(each: CallCase, { bench, clock, signal }: RunDeps): Promise<Trial> {
  const deadline = clock.monotonic() + (each.retryForMs ?? 0);
  for (;;) {
    const trial = await tried(each, bench);
    if (trial.verdict !== 'fail' || clock.monotonic() >= deadline || signal.aborted) return trial;
    await clock.sleep(retryPollMs);
  }
}

async function tried({ ask, expect, excuse }: CallCase, bench: Bench): Promise<Trial> {
  try {
    const outcome = await bench.send(ask);
    const because = faultsOf(expect, outcome);
    const got = gotText(outcome);
    const why = outcome.kind === 'answer' ? excuse?.(outcome.body.toString('utf8')) : undefined;
    if (because.length > 0 && why !== undefined) return { got, verdict: 'not applicable', because: [why] };
    return { got, verdict: because.length === 0 ? 'pass' : 'fail', because };
  } catch (thrown) {
    return { got: messageOf(thrown), verdict: 'fail', because: [messageOf(thrown)] };
  }
}
