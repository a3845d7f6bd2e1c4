// What may be true of one listener, as far as its controllers can tell. Calls overlap and some are never answered, so
// this is a set of possible states: a call takes effect at one moment between its sending and its answer, an unanswered
// one at any moment or never (the linearizability test of Wing and Gong, JIT variant). An answer that fits no order of
// the calls is a violation.
//
// INVARIANTS:
// - a branch is {state, left, done}: `left` are calls that have not taken effect in it, `done` those that have and are
//   not answered yet, with the answer that they must get; a state may be one that a call passes through (`leaving`);
// - the branches are never empty.
import { absent, effects, midway, mayInterrupt } from './effects.mjs';

/** Makes the knowledge of a listener that does not exist. `onChange` is told after each change. */
export function createKnowledge(onChange) {
  let branches = [{ state: absent, left: new Set(), done: new Map() }];
  let possible = [absent];

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
      replace(over(fitting.length > 0 ? fitting : all, call));
      return fitting.length > 0;
    },
    /** It will not be answered, and by now it has been done or never will be. */
    settled(call) {
      replace(over(closure(branches), call));
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
      if (!mayInterrupt(call, branch.state)) continue;
      const left = new Set(branch.left);
      left.delete(call);
      for (const [answer, state] of effects(call, branch.state)) {
        if (answer === midway) queue.push({ ...branch, state });
        else queue.push({ state, left, done: new Map([...branch.done, [call, answer]]) });
      }
    }
  }
  return [...found.values()];
}

// By now it is done or never will be: nothing stays half-way.
function over(branches, call) {
  return branches.filter(({ state }) => state.leaving !== call).map((branch) => without(branch, call));
}

function without(branch, call) {
  const left = new Set(branch.left);
  const done = new Map(branch.done);
  left.delete(call);
  done.delete(call);
  return { ...branch, left, done };
}

function stateKey({ stored, running, served, certificate, spare, leaving }) {
  return [stored?.number, running?.number, served, certificate, spare, leaving?.number].join();
}

function keyOf({ state, left, done }) {
  const lefts = [...left].map(({ number }) => number).sort();
  const dones = [...done].map(([{ number }, answer]) => `${number}=${answer}`).sort();
  return `${stateKey(state)}/${lefts.join()}/${dones.join()}`;
}
