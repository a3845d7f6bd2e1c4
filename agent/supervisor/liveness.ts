// Whether started processes still live, at the cost of one small read, and how those that are our children ended:
// the kernel tells a parent, so nobody need look. Source: DESIGN "Adopt", "Watch".

import type { ProcessExit, ProcessRunner } from '../host/process';
import type { ServiceProcess, Supervisor } from './service';

export interface Liveness {
  /** Tells whether a process of this boot lives; dead is also what is a zombie, or has given its pid to another. */
  isAlive(process: ServiceProcess): boolean;
  /** Settles when a child of this agent ends; undefined for others, and for one that has ended already. */
  exitOf(process: ServiceProcess): Promise<ProcessExit> | undefined;
  /** The same supervisor, whose children are known here. */
  over(supervisor: Supervisor): Supervisor;
}

/** Makes a liveness that knows no children yet. */
export function createLiveness({ glance }: Pick<ProcessRunner, 'glance'>): Liveness {
  const exits = new Map<string, Promise<ProcessExit>>();
  return {
    isAlive(process) {
      const seen = glance(process.pid);
      return seen?.startTicks === process.startTicks && seen.state !== 'Z' && seen.state !== 'X';
    },
    exitOf: (process) => exits.get(keyOf(process)),
    over: (supervisor) => ({
      ...supervisor,
      async start(spec) {
        const started = await supervisor.start(spec);
        const key = keyOf(started.process);
        exits.set(key, started.exited);
        void started.exited.then(() => exits.delete(key));
        return started;
      },
    }),
  };
}

function keyOf({ pid, startTicks }: ServiceProcess): string {
  return `${pid}:${startTicks}`;
}
