// Makes what is added to and removed from a running haproxy of ours last: in turn with every other change of the load
// balancer, and in the copy of its configuration that haproxy would read next. Source: contract/runtime.md 6.7.
//
// INVARIANTS:
// - what was added is kept only when haproxy accepts the configuration with it;
// - from then on a reload that changes nothing else is none: the copy says what runs.

import { withoutOwnWord, withServerLines, type AddedServer } from '../../haproxy/added-servers';
import type { ConfigCheck } from '../../haproxy/check';
import { effectiveConfig, type EffectiveConfig, type OverlayOptions } from '../../haproxy/overlay';
import { haproxyPaths, type HaproxyPaths, type HaproxyRoots } from '../../haproxy/paths';
import type { Files } from '../../host/files';
import { isAgentError, messageOf } from '../../model/errors';
import type { LoadBalancerId } from '../../model/ids';
import { checkCandidate } from '../candidate';
import type { Gate } from '../gate';
import type { StateStore } from '../state-store';
import type { KeptServers, KeptServersList } from './kept-servers';

export type Kept = { readonly kept: true } | { readonly kept: false; readonly reason: string };

export type ServerNamed = Pick<AddedServer, 'backend' | 'name'>;

export interface LastingServers {
  /** Adds by `add`, then keeps it when that is `wanted`. Throws what `add` throws, and then nothing is kept. */
  add(id: LoadBalancerId, server: AddedServer, wanted: boolean, add: () => Promise<void>): Promise<Kept>;
  /** Removes by `remove`, then forgets it; resolves with whether it stays removed after a reload. */
  remove(id: LoadBalancerId, server: ServerNamed, remove: () => Promise<void>): Promise<boolean>;
  /** Resolves when no change of the load balancer is under way. */
  settled(id: LoadBalancerId): Promise<void>;
  /** What is kept for it. */
  kept(id: LoadBalancerId): Promise<KeptServersList>;
}

export interface LastingServersDeps {
  readonly files: Files;
  readonly roots: HaproxyRoots;
  readonly gate: Gate<LoadBalancerId>;
  readonly state: Pick<StateStore, 'read'>;
  readonly check: ConfigCheck;
  readonly overlayOptions: () => Promise<OverlayOptions>;
  readonly keptServers: KeptServers;
}

/** Makes the verbs. */
export function createLastingServers(deps: LastingServersDeps): LastingServers {
  const { files, roots, gate, keptServers } = deps;
  const pathsOf = (id: LoadBalancerId): HaproxyPaths => haproxyPaths(roots, id);

  return {
    settled: (id) => gate.run(id, () => Promise.resolve()),
    kept: (id) => keptServers.read(pathsOf(id)),

    add: (id, server, wanted, add) =>
      gate.run(id, async () => {
        await add();
        if (!wanted) return { kept: false, reason: 'not asked for' };
        const { servers } = await keptServers.read(pathsOf(id));
        return keep(deps, id, { servers: [...withoutOne(servers, server), server] }, server);
      }),

    remove: (id, server, remove) =>
      gate.run(id, async () => {
        await remove();
        const paths = pathsOf(id);
        const { servers, leftOut } = await keptServers.read(paths);
        const rest = withoutOne(servers, server);
        if (rest.length < servers.length) {
          await keptServers.write(paths, { servers: rest, ...(leftOut === undefined ? {} : { leftOut }) });
          const live = leftOut === undefined ? await liveText(deps, paths, rest) : undefined;
          if (live !== undefined) await files.writeAtomic(paths.live, live.text, 0o600);
        }
        const text = await files.readText(paths.config);
        return text === undefined || withoutOwnWord(text, [server]).length > 0;
      }),
  };
}

async function keep(
  deps: LastingServersDeps,
  id: LoadBalancerId,
  kept: KeptServersList,
  server: AddedServer,
): Promise<Kept> {
  const { files, state, keptServers } = deps;
  const paths = haproxyPaths(deps.roots, id);
  try {
    const stored = (await files.readText(paths.config)) ?? '';
    if (withoutOwnWord(stored, [server]).length === 0) {
      return {
        kept: false,
        reason: 'the stored configuration names the server itself, or has no such backend',
      };
    }
    const live = await liveText(deps, paths, kept.servers);
    if (live === undefined) return { kept: false, reason: 'what haproxy runs is not known' };
    const beside = { text: `${paths.live}.candidate`, overlay: `${paths.overlay}.candidate` };
    await checkCandidate(deps, beside, live, (await state.read(id))?.peer ?? '');
    await files.writeAtomic(paths.live, live.text, 0o600);
    await keptServers.write(paths, kept);
    return { kept: true };
  } catch (thrown) {
    // It is in use: that it does not last is what the caller has to be told.
    if (!isAgentError(thrown)) throw thrown;
    return { kept: false, reason: thrown.detail ?? messageOf(thrown) };
  }
}

/** What haproxy would read now with these servers; undefined when nobody knows what it runs. */
async function liveText(
  { files, overlayOptions }: LastingServersDeps,
  paths: HaproxyPaths,
  servers: readonly AddedServer[],
): Promise<EffectiveConfig | undefined> {
  const running = await files.readText(paths.running);
  if (running === undefined) return undefined;
  const effective = effectiveConfig(running, paths, await overlayOptions());
  return { ...effective, text: withServerLines(effective.text, withoutOwnWord(effective.text, servers)) };
}

const withoutOne = (
  servers: readonly AddedServer[],
  { backend, name }: ServerNamed,
): readonly AddedServer[] => servers.filter((each) => each.backend !== backend || each.name !== name);
