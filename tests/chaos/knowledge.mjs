// What may be true of one listener, as far as its controllers can tell. Calls overlap and some are never answered, so
// this is a set of possible states: a call takes effect at one moment between its sending and its answer, an unanswered
// one at any moment or never (the linearizability test of Wing and Gong, JIT variant). An answer that fits no order of
// the calls is a violation.
//
// INVARIANTS:
// - a branch is {state, left, done}: `left` are calls that have not taken effect in it, `done` those that have and are
//   not answered yet, with the answer that they must get;
// - the branches are never empty.
import { effects } from './effects.mjs';

const nothing = { stored: null, running: null, served: null, certificate: null, spare: null };

/** Makes the knowledge of a listener that does not exist. `onChange` is told after each change. */
export function createKnowledge(onChange) {
  let branches = [{ state: nothing, left: new Set(), done: new Map() }];
  let possible = [nothing];

  function replace(found) {
    branches = [...new Map(found.map((branch) => [keyOf(branch), branch])).values()];
    possible = [...new Map(closure(branches).map(({ state }) => [stateKey(state), state])).values()];
    onChange();
  }

  return {
    /** Every state that may be true now. */
    possible: () => possible,
    /** A call is sent. */
    sent(call) {
      replace(branches.map((branch) => ({ ...branch, left: new Set([...branch.left, call]) })));
    },
    /** A call is answered; false when no order of the calls explains it, and then it counts as one that may have been done. */
    answered(call, answer) {
      const all = closure(branches);
      const fitting = all.filter(({ done }) => done.get(call) === answer);
      replace((fitting.length > 0 ? fitting : all).map((branch) => without(branch, call)));
      return fitting.length > 0;
    },
    /** It will not be answered, and by now it has been done or never will be. */
    settled(call) {
      replace(closure(branches).map((branch) => without(branch, call)));
    },
    /** Drops states that are known to be false by other means, unless none would be left. */
    narrow(isTrue) {
      const fitting = closure(branches).filter(({ state }) => isTrue(state));
      if (fitting.length > 0) replace(fitting);
    },
  };
}

function closure(branches) {
  const found = new Map();
  const queue = [...branches];
  for (let branch = queue.pop(); branch !== undefined; branch = queue.pop()) {
    const key = keyOf(branch);
    if (found.has(key)) continue;
    found.set(key, branch);
    for (const call of branch.left) {
      const left = new Set(branch.left);
      left.delete(call);
      for (const [answer, state] of effects(call, branch.state)) {
        queue.push({ state, left, done: new Map([...branch.done, [call, answer]]) });
      }
    }
  }
  return [...found.values()];
}

function without(branch, call) {
  const left = new Set(branch.left);
  const done = new Map(branch.done);
  left.delete(call);
  done.delete(call);
  return { ...branch, left, done };
}

function stateKey({ stored, running, served, certificate, spare }) {
  return [stored?.number, running?.number, served, certificate, spare].join();
}

function keyOf({ state, left, done }) {
  const lefts = [...left].map(({ number }) => number).sort();
  const dones = [...done].map(([{ number }, answer]) => `${number}=${answer}`).sort();
  return `${stateKey(state)}/${lefts.join()}/${dones.join()}`;
}
