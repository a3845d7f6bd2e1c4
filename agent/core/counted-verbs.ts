// The verbs that change what runs, counted on their way: nothing of it is known to the verbs themselves.

import type { Clock } from '../host/clock';
import { isAgentError } from '../model/errors';
import type { Counters } from './counters';
import type { LoadBalancers } from './load-balancers';
import type { Activation } from './process-groups';
import type { UdpListeners } from './udp-listeners';

export interface CountedVerbsDeps {
  readonly counters: Counters;
  readonly clock: Pick<Clock, 'monotonic'>;
}

type Program = 'haproxy' | 'keepalived-lvs';

/** Gives the verbs on load balancers, which count what becomes of them. */
export function countLoadBalancers(verbs: LoadBalancers, deps: CountedVerbsDeps): LoadBalancers {
  const { counters } = deps;
  return {
    ...verbs,
    upload: (input) => countUpload(deps, 'haproxy', () => verbs.upload(input)),
    start: (id) => countActivation(deps, 'haproxy', 'start', () => verbs.start(id), outcomeOf),
    reload: (id) => countActivation(deps, 'haproxy', 'reload', () => verbs.reload(id), outcomeOf),
    async remove(id, by) {
      await verbs.remove(id, by);
      counters.forget('amphorad_load_balancer_reloads_total', 'load_balancer', id);
    },
    async restore(id) {
      try {
        const outcome = await verbs.restore(id);
        counters.add('amphorad_restores_total', { result: outcome });
        return outcome;
      } catch (thrown) {
        counters.add('amphorad_restores_total', { result: kindOf(thrown) });
        throw thrown;
      }
    },
  };
}

/** Gives the verbs on UDP listeners, which count what becomes of them. */
export function countUdpListeners<Verbs extends UdpListeners>(verbs: Verbs, deps: CountedVerbsDeps): Verbs {
  const program = 'keepalived-lvs';
  return {
    ...verbs,
    upload: (...given: Parameters<UdpListeners['upload']>) =>
      countUpload(deps, program, () => verbs.upload(...given)),
    start: (...given: Parameters<UdpListeners['start']>) =>
      countActivation(deps, program, 'start', () => verbs.start(...given)),
    reload: (...given: Parameters<UdpListeners['reload']>) =>
      countActivation(deps, program, 'reload', () => verbs.reload(...given)),
  };
}

async function countUpload(
  { counters }: CountedVerbsDeps,
  program: Program,
  job: () => Promise<void>,
): Promise<void> {
  let result = 'accepted';
  try {
    await job();
  } catch (thrown) {
    result = kindOf(thrown);
    throw thrown;
  } finally {
    counters.add('amphorad_uploads_total', { program, result });
  }
}

async function countActivation<T>(
  { counters, clock }: CountedVerbsDeps,
  program: Program,
  action: 'start' | 'reload',
  job: () => Promise<T>,
  tellOutcome: (done: T) => string | undefined = () => undefined,
): Promise<T> {
  const begunMs = clock.monotonic();
  let result = 'done';
  let outcome: string | undefined;
  try {
    const done = await job();
    outcome = tellOutcome(done);
    return done;
  } catch (thrown) {
    result = kindOf(thrown);
    throw thrown;
  } finally {
    counters.add('amphorad_activations_total', {
      program,
      action,
      result,
      ...(outcome === undefined ? {} : { outcome }),
    });
    const seconds = (clock.monotonic() - begunMs) / 1_000;
    counters.observe('amphorad_activation_duration_seconds', seconds, { program, action });
  }
}

const outcomeOf = ({ applied }: Activation): string | undefined => applied;

function kindOf(thrown: unknown): string {
  return isAgentError(thrown) ? thrown.kind : 'internal';
}
