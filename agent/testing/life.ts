// The lives of one agent, one after the other: never two at a time, whatever is asked for while one begins or ends.

import type { RunningAgent } from './running-agent';

export interface Life {
  /** The process of the present life, or of the last. */
  readonly pid: number;
  restart(): Promise<void>;
  kill(): Promise<void>;
  /** Ends the present life; no other can begin. */
  end(): Promise<void>;
}

/** Takes care of an agent that runs; `begin` starts the next. */
export function createLife(first: RunningAgent, begin: () => Promise<RunningAgent>): Life {
  let { pid } = first;
  let present: RunningAgent | undefined = first;
  let isOver = false;
  let last: Promise<void> = Promise.resolve();
  const inTurn = (step: () => Promise<void>): Promise<void> => {
    const done = last.then(step);
    last = done.catch(() => undefined);
    return done;
  };
  const finish = async (how: 'end' | 'kill'): Promise<void> => {
    const ending = present;
    present = undefined;
    await ending?.[how]();
  };
  return {
    get pid() {
      return pid;
    },
    restart: () =>
      inTurn(async () => {
        if (isOver) throw new Error('this amphora was stopped');
        await finish('end');
        present = await begin();
        pid = present.pid;
      }),
    kill: () => inTurn(() => finish('kill')),
    end: () =>
      inTurn(() => {
        isOver = true;
        return finish('end');
      }),
  };
}
