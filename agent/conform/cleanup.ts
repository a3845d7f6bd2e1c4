// Finds ports that are free on the amphora, by trial: nothing else tells. And removes what the cases have made; what is
// still there afterwards is said.

import { messageOf } from '../model/errors';
import type { Bench, Outcome } from './bench';
import { get, put, remove, type Ask, type Dialect } from './case';
import { withFreshPorts, type Scene } from './scene';
import { combinedText, singleText } from './texts';

const trials = 5;
const busyStatus = 500;

/** How the same is asked in each dialect. */
const ways = {
  'v0.1': {
    upload: ({ place, frontends: { http, tcp, tls } }: Scene, id: string): Ask =>
      put(`/v0.1/listeners/${place.amphoraId}/${id}/haproxy`, singleText(http, [tcp.port, tls.port])),
    act: (id: string, action: string): Ask => put(`/v0.1/listeners/${id}/${action}`),
    listener: (id: string): string => `/v0.1/listeners/${id}`,
    certificate: (id: string, name: string): string => `/v0.1/listeners/${id}/certificates/${name}`,
    texts: (id: string): readonly string[] => [`/v0.1/listeners/${id}/haproxy`],
  },
  '1.0': {
    upload: ({ place, frontends }: Scene, id: string): Ask =>
      put(
        `/1.0/loadbalancer/${place.amphoraId}/${id}/haproxy`,
        combinedText({ id, basePath: place.basePath, frontends: Object.values(frontends) }),
      ),
    act: (id: string, action: string): Ask => put(`/1.0/loadbalancer/${id}/${action}`),
    listener: (id: string): string => `/1.0/listeners/${id}`,
    certificate: (id: string, name: string): string => `/1.0/loadbalancer/${id}/certificates/${name}`,
    texts: (id: string): readonly string[] => [
      `/1.0/loadbalancer/${id}/haproxy`,
      `/1.0/listeners/${id}/udp_listener`,
    ],
  },
} as const;

/**
 * Tries ports until a load balancer on them starts, and removes it. Gives up after five: the cases that start something
 * then show why. An agent that cannot start anything answers 500 too, to the first as to the fifth.
 */
export async function withFreePorts(first: Scene, dialect: Dialect, bench: Bench): Promise<Scene> {
  const way = ways[dialect];
  let scene = first;
  for (let trial = 0; trial < trials; trial += 1) {
    const uploaded = await bench.send(way.upload(scene, scene.ids.two));
    const started = await bench.send(way.act(scene.ids.two, 'start'));
    await bench.send(way.act(scene.ids.two, 'stop'));
    await bench.send(remove(way.listener(scene.ids.two)));
    const isBusy = statusOf(uploaded) < 300 && statusOf(started) === busyStatus;
    if (!isBusy) return scene;
    scene = withFreshPorts(scene);
  }
  return scene;
}

/** Removes what was made under the ids of a scene; lists what could not be. */
export async function cleanUp(scene: Scene, dialect: Dialect, bench: Bench): Promise<readonly string[]> {
  const way = ways[dialect];
  const left: string[] = [];
  for (const id of Object.values(scene.ids).filter((each) => bench.hasTouched(each))) {
    const fault = await removed(id, scene, way, bench).catch((thrown: unknown) => messageOf(thrown));
    if (fault !== undefined) left.push(`${dialect} ${id}: ${fault}`);
  }
  return left;
}

async function removed(
  id: string,
  scene: Scene,
  way: (typeof ways)[Dialect],
  bench: Bench,
): Promise<string | undefined> {
  const { certificateNames } = scene;
  await bench.send(way.act(id, 'stop'));
  for (const name of certificateNames) await bench.send(remove(way.certificate(id, name)));
  // What a refused first upload leaves for debugging goes with the load balancer, so there must be one.
  if (id === scene.ids.fresh) await bench.send(way.upload(scene, id));
  const answer = statusOf(await bench.send(remove(way.listener(id))));
  // An id that the agent does not take is refused here too.
  if (answer >= 500) return `DELETE answered ${answer}`;
  for (const name of certificateNames) {
    const there = statusOf(await bench.send(get(way.certificate(id, name))));
    if (there === 200) return `${name} is still there`;
  }
  for (const path of way.texts(id)) {
    if (statusOf(await bench.send(get(path))) === 200) return `${path} is still there`;
  }
  return undefined;
}

function statusOf(outcome: Outcome): number {
  return outcome.kind === 'answer' ? outcome.status : 599;
}
