// The way back from a plug: what was moved in goes out again, what was changed becomes what it was.

import { AgentError } from '../model/errors';
import { vipInterface } from '../model/network';
import { readActual } from './actual';
import { isMissingDevice, type IpCommand } from './ip';
import type { Masquerade } from './nft';
import { planRules } from './plan';
import { carryOut, settle } from './settle';
import type { Target } from './target';

/** What was done, with what is needed to undo it. */
export type Way =
  | {
      readonly kind: 'moved';
      /** Its name in the namespace. */
      readonly name: string;
      /** What it was outside, under its name there. */
      readonly before: Target;
    }
  | { readonly kind: 'changed'; readonly before: Target; readonly families: readonly (4 | 6)[] };

export interface UndoDeps {
  readonly inside: IpCommand;
  readonly outside: IpCommand;
  readonly masquerade: Masquerade;
  readonly ownPid: number;
}

/** Makes the undoer. It goes on after a failure, and then throws the first one; an interface that is gone needs no undoing. */
export function createUndo({ inside, outside, masquerade, ownPid }: UndoDeps): (way: Way) => Promise<void> {
  const moveBack = async (name: string, before: Target): Promise<void> => {
    const move = ['link', 'set', 'dev', name, 'netns', String(ownPid), 'name', before.name];
    await inside.run(move);
    await settle(outside, before);
  };
  const dropRules = async (): Promise<void> => carryOut(inside, planRules(await readActual(inside), []));
  return async (way) => {
    if (way.kind === 'changed') {
      const { before, families } = way;
      await all([() => settle(inside, before), () => masquerade.set(before.name, families)]);
      return;
    }
    const { name, before } = way;
    await all([
      () => masquerade.set(name, []),
      // Rules stay in a namespace when the interface that they were made for leaves it.
      () => (name === vipInterface ? dropRules() : Promise.resolve()),
      () => moveBack(name, before),
    ]);
  };
}

async function all(jobs: readonly (() => Promise<unknown>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const job of jobs) {
    try {
      await job();
    } catch (thrown) {
      if (!isGone(thrown)) failures.push(thrown);
    }
  }
  if (failures.length > 0) throw failures[0];
}

function isGone(thrown: unknown): boolean {
  return isMissingDevice(thrown) || (thrown instanceof AgentError && thrown.kind === 'not-found');
}
