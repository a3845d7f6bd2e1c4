// Carries one plug out: the interface, who may come in by it, the record. All of it, or nothing.

import type { Log } from '../host/log';
import { isAgentError, messageOf } from '../model/errors';
import type { Firewall, InterfaceRecords, Network, Plugged, PluggedInterface } from '../network/network';

export interface CarryOutDeps {
  readonly network: Network;
  readonly firewall: Firewall;
  readonly records: InterfaceRecords;
  readonly log: Log;
}

export interface PlugStep {
  readonly plugged: PluggedInterface;
  /** What was on record for its MAC. */
  readonly before: PluggedInterface | undefined;
  readonly isInside: boolean;
  /** Nothing comes in until there are rules. */
  readonly isClosed: boolean;
}

type Guarded = 'open' | 'anew' | 'as stored';

/** Does it. Throws what the network or the record throws; everything is then as it was. */
export async function carryOut(
  deps: CarryOutDeps,
  { plugged, before, isInside, isClosed }: PlugStep,
): Promise<Pick<Plugged, 'warnings'>> {
  const { network, records, log } = deps;
  const { mac, wanted } = plugged;
  const step = { plugged, before, isInside, isClosed };
  const life: { guarded: Guarded } = { guarded: 'open' };
  let done: Plugged | undefined;
  const ready = async (): Promise<void> => {
    life.guarded = await guard(deps, step);
  };
  const former = before?.wanted.addresses;
  try {
    done = isInside
      ? await network.configure(wanted, { ready, ...(former === undefined ? {} : { former }) })
      : await network.plug(mac, wanted, ready);
    await (life.guarded === 'anew' ? records.save(plugged, []) : records.save(plugged));
  } catch (thrown) {
    await secondly(log, 'plug not undone', () => done?.undo());
    if (done !== undefined) await secondly(log, 'record not put back', () => putBack(deps, plugged, before));
    if (life.guarded === 'anew')
      await secondly(log, 'firewall not lifted', () => deps.firewall.lift(wanted.name));
    throw thrown;
  }
  log.info('port plugged', { mac, interface: wanted.name });
  for (const warning of done.warnings)
    log.warning('port plugged in part', { interface: wanted.name, warning });
  await announceOwn(deps, plugged);
  return done;
}

/** Tells the neighbours where the addresses are now; that some were not told is logged. */
export async function announceOwn(
  { network, log }: CarryOutDeps,
  { wanted }: PluggedInterface,
): Promise<void> {
  const untold = await network.announce(
    wanted.name,
    wanted.addresses.map(({ ip }) => ip),
  );
  for (const why of untold) log.warning('addresses not announced', { interface: wanted.name, why });
}

/** Before the first packet: rules that were stored, or none at all for a port that starts closed. */
async function guard(
  { firewall, records }: CarryOutDeps,
  { plugged, before, isInside, isClosed }: PlugStep,
): Promise<Guarded> {
  const { name } = plugged.wanted;
  const isSame = before?.wanted.name === name;
  const stored = isSame ? await records.readRules(name) : undefined;
  if (stored === undefined && !isClosed) {
    // A port that is gone leaves its table to whoever gets its name.
    if (!isSame && !isInside) await firewall.lift(name);
    return 'open';
  }
  await firewall.admit(name, stored ?? []);
  return stored === undefined ? 'anew' : 'as stored';
}

async function putBack(
  { records }: CarryOutDeps,
  { mac }: PluggedInterface,
  before: PluggedInterface | undefined,
): Promise<void> {
  await (before === undefined ? records.remove(mac) : records.save(before));
}

/** What fails while something is undone must not hide why it had to be. */
async function secondly(log: Log, what: string, job: () => Promise<void> | undefined): Promise<void> {
  try {
    await job();
  } catch (thrown) {
    if (!isAgentError(thrown)) throw thrown;
    log.error(what, { error: messageOf(thrown), detail: thrown.detail });
  }
}
