// Every open connection of the REST listener: who has one, what it does, and which goes when there are too many.
// Source: DESIGN "Server identity and connections".
//
// INVARIANTS
// - A connection is here from the accept until its raw socket has closed; an evicted one leaves at once.
// - Verified: it has had a request with a verified certificate. A handshake alone, or half a header, is no request.
// - No connection is closed for another one under a verified request that has arrived whole.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { Clock } from '../host/clock';
import type { Log } from '../host/log';
import type { FindProblems } from '../model/finding';
import { createCapRecord, type Cap, type CapRecord, type Caps } from './cap-record';
import {
  beginRequest,
  closeWhenAnswered,
  newEntry,
  peerOf,
  settle,
  viewOf,
  type Connection,
  type Entry,
  type WhenAnswered,
} from './connection';
import { isUnderWay, pickVictim } from './victim';

export interface Counts {
  readonly open: number;
  readonly verified: number;
  readonly unverified: number;
  /** New connections refused at a cap, since the start. */
  readonly refused: number;
  /** Connections closed in favour of new ones, since the start. */
  readonly evicted: number;
}

export interface Connections {
  /** Enters a new connection; at the cap another goes for it, or it is refused. */
  admit(raw: Socket): void;
  /** Notes that its handshake is done, and holds its certificate to the cap of each client. False: it must go. */
  secure(socket: TLSSocket): boolean;
  /** Notes that a request begins; above three quarters of the cap its answer closes the connection. */
  begin(request: IncomingMessage, response: ServerResponse, verified: boolean): void;
  /** Notes that the last answer has been given: nothing that still comes is a request. */
  ending(socket: Socket): void;
  isEnding(socket: Socket): boolean;
  isVerified(socket: Socket): boolean;
  /** Tells whether the peer is likely to be sending still. */
  expectsMore(socket: Socket): boolean;
  /** Notes that what comes is no HTTP any more; calls `then` once every request that has arrived whole is answered. */
  unreadable(socket: Socket, then: WhenAnswered): void;
  /** Closes those that match: idle ones at once, the others after their current answer. */
  closeAfterAnswer(matches: (connection: Connection) => boolean): void;
  /** Makes room for one descriptor; false when nothing could go. */
  evictOne(): boolean;
  destroyAll(): void;
  open(): readonly Connection[];
  counts(): Counts;
  /** Tells of caps that were reached within the last ten minutes. */
  readonly findings: FindProblems;
}

interface Table extends Caps {
  readonly entries: Map<Socket, Entry>;
  readonly bySocket: WeakMap<Socket, Entry>;
  readonly record: CapRecord;
  readonly now: () => number;
}

const crowdedShare = 3 / 4;

/** Makes the table; it is empty until a server enters its sockets. */
export function createConnections({
  clock,
  log,
  ...caps
}: Caps & { readonly clock: Clock; readonly log: Log }): Connections {
  const table: Table = {
    ...caps,
    entries: new Map(),
    bySocket: new WeakMap(),
    record: createCapRecord({ ...caps, clock, log }),
    now: () => clock.monotonic(),
  };
  const { entries, bySocket, record } = table;
  const all = (): readonly Entry[] => [...entries.values()];
  return {
    admit: (raw) => admit(table, raw),
    secure: (socket) => secure(table, socket),
    begin: (request, response, verified) => begin(table, request, response, verified),
    ending(socket) {
      const entry = bySocket.get(socket);
      if (entry !== undefined) entry.ending = true;
    },
    isEnding: (socket) => socket.destroyed || bySocket.get(socket)?.ending === true,
    isVerified: (socket) => bySocket.get(socket)?.verified === true,
    expectsMore(socket) {
      const entry = bySocket.get(socket);
      return entry?.unreadable === true || isUnderWay(entry?.receiving);
    },
    unreadable(socket, then) {
      const entry = bySocket.get(socket);
      if (entry === undefined) {
        then(undefined);
        return;
      }
      entry.unreadable = true;
      entry.whenAnswered = then;
      settle(entry);
    },
    closeAfterAnswer(matches) {
      for (const entry of all()) if (matches(viewOf(entry))) closeWhenAnswered(entry);
    },
    evictOne() {
      const victim = pickVictim(all(), table.now(), true);
      if (victim !== undefined) evict(table, victim, 'all');
      return victim !== undefined;
    },
    destroyAll() {
      for (const { socket, raw } of all()) (socket ?? raw).destroy();
    },
    open: () => all().map(viewOf),
    counts() {
      const verified = all().filter((entry) => entry.verified).length;
      return { open: entries.size, verified, unverified: entries.size - verified, ...record.totals() };
    },
    findings: () => Promise.resolve(record.findings()),
  };
}

function admit(table: Table, raw: Socket): void {
  const { entries, most, now } = table;
  if (entries.size >= most && !makeRoom(table, [...entries.values()], 'all')) {
    raw.destroy();
    return;
  }
  entries.set(raw, newEntry(raw, now()));
  raw.once('close', () => entries.delete(raw));
}

function secure(table: Table, socket: TLSSocket): boolean {
  const { entries, bySocket, mostPerClient } = table;
  const peer = peerOf(socket);
  const entry = [...entries.values()].find((each) => each.socket === undefined && each.peer === peer);
  if (entry === undefined) return false;
  // Not getPeerX509Certificate(): it takes the chain out of the session, and whoever judges the peer needs it.
  const client = fingerprintOf(socket.getPeerCertificate());
  if (client !== undefined) {
    const others = [...entries.values()].filter((other) => other.client === client);
    if (others.length >= mostPerClient && !makeRoom(table, others, 'client')) return false;
  }
  entry.client = client;
  entry.socket = socket;
  bySocket.set(socket, entry);
  return true;
}

/** Undefined for the empty object that stands for no certificate. */
function fingerprintOf(shown: Partial<PeerCertificate>): string | undefined {
  return shown.fingerprint256;
}

function begin(
  { entries, bySocket, most, now }: Table,
  request: IncomingMessage,
  response: ServerResponse,
  verified: boolean,
): void {
  const entry = bySocket.get(request.socket);
  if (entry === undefined) return;
  // From the first verified request on the server's own idle time holds.
  if (verified && !entry.verified) request.socket.setTimeout(0);
  entry.verified ||= verified;
  beginRequest(entry, request, response, now);
  if (entry.closeWanted || entries.size > most * crowdedShare) response.setHeader('Connection', 'close');
}

/** Closes the least useful one; false when none of them may go. */
function makeRoom(table: Table, among: readonly Entry[], cap: Cap): boolean {
  const victim = pickVictim(among, table.now(), cap === 'all');
  if (victim === undefined) table.record.refused(cap);
  else evict(table, victim, cap);
  return victim !== undefined;
}

function evict({ entries, record }: Table, { raw, socket }: Entry, cap: Cap): void {
  entries.delete(raw);
  (socket ?? raw).destroy();
  record.evicted(cap);
}
