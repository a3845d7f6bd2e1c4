// What running configurations ask of the programs beside haproxy: the prometheus proxy behind PROMETHEUS listeners,
// and permission to ping for PING monitors. Heard from the process groups, as the watcher hears. Source: the
// controller's templates.

import { readSections } from '../haproxy/config/sections';
import { haproxyPaths, type HaproxyRoots } from '../haproxy/paths';
import type { Files } from '../host/files';
import type { Log } from '../host/log';
import { isAgentError, messageOf } from '../model/errors';
import type { LoadBalancerId } from '../model/ids';
import type { GroupWatch } from './group-watch';
import type { PingPermission } from './ping-permission';
import type { PrometheusProxy } from './prometheus-proxy';

export interface CompanionNeedsDeps {
  readonly files: Files;
  readonly log: Log;
  readonly roots: HaproxyRoots;
  readonly proxy: Pick<PrometheusProxy, 'want'>;
  readonly ping: Pick<PingPermission, 'allow'>;
}

export interface CompanionNeeds {
  /** The same watch, whose groups are served by companions as well. */
  over<Watch extends GroupWatch>(watch: Watch): Watch;
  /** Resolves when what was heard so far is read: before that, an unread configuration seems to want nothing. */
  settled(): Promise<void>;
}

// The templates' address of the proxy.
const proxyAddress = '127.0.0.1:9102';

/** Tells whether a configuration has a server that is the prometheus proxy. */
export function needsPrometheusProxy(text: string): boolean {
  return (
    text.includes(proxyAddress) && anyLine(text, ([verb, , at]) => verb === 'server' && at === proxyAddress)
  );
}

/** Tells whether a configuration has members checked by a program. */
export function needsPing(text: string): boolean {
  return (
    text.includes('external-check') &&
    anyLine(text, ([first, second]) => first === 'external-check' && second === 'command')
  );
}

function anyLine(text: string, holds: (words: readonly string[]) => boolean): boolean {
  return readSections(text).some(({ lines }) => lines.some(({ words }) => holds(words)));
}

/** Makes the ear of the companions. */
export function createCompanionNeeds({ files, log, roots, proxy, ping }: CompanionNeedsDeps): CompanionNeeds {
  // The last thing heard of each group that is up: a reading that took longer says nothing any more.
  const heard = new Map<LoadBalancerId, symbol>();
  const reading = new Set<Promise<void>>();

  async function read(id: LoadBalancerId): Promise<void> {
    const turn = Symbol(id);
    heard.set(id, turn);
    try {
      const { running, config } = haproxyPaths(roots, id);
      // One that Octavia's own agent has started runs its upload.
      const text = (await files.readText(running)) ?? (await files.readText(config)) ?? '';
      if (heard.get(id) !== turn) return;
      proxy.want(id, needsPrometheusProxy(text));
      if (needsPing(text)) void ping.allow();
    } catch (thrown) {
      if (!isAgentError(thrown)) throw thrown;
      log.warning('what a running configuration needs is not known', {
        loadBalancer: id,
        error: messageOf(thrown),
      });
    }
  }

  return {
    async settled() {
      await Promise.all(reading);
    },
    over: (watch) => ({
      ...watch,
      up(id, process, isProven) {
        watch.up(id, process, isProven);
        const look = read(id);
        reading.add(look);
        void look.finally(() => reading.delete(look));
      },
      release(id) {
        watch.release(id);
        heard.delete(id);
        proxy.want(id, false);
      },
    }),
  };
}
