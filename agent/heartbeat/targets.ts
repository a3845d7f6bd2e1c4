// Whose turn it is: one controller for each message, round robin, over a list that may change in between.

export interface Target {
  /** IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
  readonly zone?: string;
}

/** Makes a turn-taker; undefined for an empty list. */
export function createTurns(): (targets: readonly Target[]) => Target | undefined {
  let turn = 0;
  return (targets) => {
    const target = targets[turn % Math.max(1, targets.length)];
    turn = targets.length === 0 ? 0 : (turn + 1) % targets.length;
    return target;
  };
}
