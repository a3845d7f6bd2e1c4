// Heartbeats, which are the same whatever dialect made the listeners. Source: contract/heartbeat.md.

import type { Case, Dialect, Group } from '../case';
import type { Scene } from '../scene';
import { anyNumber, anyObject, textLike, where } from '../shape';
import type { Frontend } from '../texts';

/** What every heartbeat of an amphora has. */
export function heartbeatGroup(dialect: Dialect): Group {
  return {
    name: 'heartbeat',
    dialect,
    access: 'read',
    cases: ({ place }) => [
      {
        name: 'a datagram with this key, of version 3',
        says: '{"id": <amphora_id>, "seq": n, "ver": 3, "listeners": …, "pools": …}, deflated, with its HMAC in 64 hex digits.',
        heartbeat: {
          message: {
            id: place.amphoraId,
            seq: anyNumber,
            ver: 3,
            listeners: anyObject,
            pools: anyObject,
          },
        },
      },
      {
        name: 'seq grows',
        says: 'seq starts at 0 with the process and grows by one per message (one of the controllers in turn).',
        heartbeat: {
          seqStep: where('1 or more', (value) => typeof value === 'number' && value >= 1),
        },
      },
    ],
  };
}

const stats = { tx: anyNumber, rx: anyNumber, conns: anyNumber, totconns: anyNumber, ereq: anyNumber };

/** What heartbeats say of listeners that run; `poolOf` is how the dialect's configurations name a pool. */
export function heartbeatOf(
  frontends: readonly Frontend[],
  poolOf: (frontend: Frontend) => string,
): readonly Case[] {
  const listeners = Object.fromEntries(
    frontends.map(({ listener }) => [listener, { status: 'OPEN', stats }]),
  );
  const pools = Object.fromEntries(
    frontends.map((each) => [
      poolOf(each),
      { status: 'UP', members: { [each.member]: textLike(/^(UP|no check)/) } },
    ]),
  );
  return [
    {
      name: 'heartbeats tell of what runs',
      says: 'A listener entry per FRONTEND row (status OPEN, stats), pools from BACKEND rows, members in haproxy’s own words.',
      heartbeat: { message: { listeners, pools } },
    },
  ];
}

/** What heartbeats say once the listeners do not run. */
export function heartbeatWithout(frontends: readonly Frontend[]): readonly Case[] {
  const names = frontends.map(({ listener }) => listener);
  const without = where(`without ${names.length} listeners of ours`, (value) => {
    const there = typeof value === 'object' && value !== null ? Object.keys(value) : names;
    return !names.some((name) => there.includes(name));
  });
  return [
    {
      name: 'heartbeats do not tell of what is gone',
      says: 'An enabled listener that serves must never be missing, one that is gone must never linger.',
      heartbeat: { message: { listeners: without } },
    },
  ];
}

/** All frontends of a scene but that with a certificate. */
export function plainFrontends({ frontends: { http, tcp } }: Scene): readonly Frontend[] {
  return [http, tcp];
}
