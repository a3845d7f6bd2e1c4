// The way to one haproxy's runtime socket. haproxy takes 10 connections there and lets the 11th hang, so that few are
// opened at once and the others wait. Source: contract of the runtime API, 5 "Connection rules".
//
// INVARIANTS:
// - one command a connection, at most four at once, in the order of the calls;
// - the deadline of a command begins when it leaves the queue; who waits longer than two deadlines gets `busy`;
// - a read joins an identical one that began at most 100 ms ago, never across a write.

import type { RuntimeCommand } from '../../haproxy/runtime/command';

export interface Channel {
  /** Asks; the answer is whole and ends with its empty line. Throws faults of the connection. */
  read(command: RuntimeCommand): Promise<string>;
  /** Changes something; resolves with what haproxy said, which may be a refusal. Throws faults of the connection. */
  write(command: RuntimeCommand): Promise<string>;
}
