// What haproxy printed in the last life or start that ended badly, kept beside its configuration: its own log goes on
// growing and is emptied when it is long. Source: DESIGN "Watch".

import type { Clock } from '../host/clock';
import type { Files } from '../host/files';
import type { HaproxyPaths } from '../haproxy/paths';

export interface CrashLog {
  /** The end of what haproxy has printed, without lines about traffic. */
  lastWords(paths: HaproxyPaths): Promise<string>;
  /** Keeps an end and its words, in place of the one before. */
  keep(paths: HaproxyPaths, what: string, words: string): Promise<void>;
  /** Removes what was kept; silent when nothing was. */
  forget(paths: HaproxyPaths): Promise<void>;
}

const mostBytes = 4 * 1024;
// `log stdout format iso` writes traffic into the same file, each line with its time at the beginning.
const trafficLine = /^\d{4}-\d\d-\d\dT/;

/** Makes the keeper of last words. */
export function createCrashLog({ files, clock }: { files: Files; clock: Clock }): CrashLog {
  return {
    async lastWords(paths) {
      const printed = (await files.readText(paths.log)) ?? '';
      const lines = printed.split('\n').filter((line) => !trafficLine.test(line));
      return lines.join('\n').slice(-mostBytes).trim();
    },
    keep(paths, what, words) {
      const time = new Date(clock.now()).toISOString();
      return files.writeAtomic(paths.crashLog, `${time} ${what}\n${words.slice(-mostBytes)}\n`, 0o600);
    },
    forget: (paths) => files.remove(paths.crashLog),
  };
}
