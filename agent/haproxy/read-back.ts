// Whether a running haproxy has become what a new configuration asks for: what it tells of its servers and certificates,
// held against what is expected. Each look is one function that says what differs, and undefined when nothing does.

import { X509Certificate } from 'node:crypto';
import { standingOf, type ServerState } from './runtime/show-servers-state';
import { parseIp } from '../model/ip';
import type { ExpectedServer, NewServer } from './runtime-change';

/** Names of servers: a backend has all that it should have, and no others. */
export function differentServers(
  expected: readonly string[],
  states: readonly Pick<ServerState, 'backend' | 'server'>[],
): string | undefined {
  const wanted = new Set(expected);
  const found = new Set(states.map(nameOf));
  const missing = [...wanted].find((name) => !found.has(name));
  const more = [...found].find((name) => !wanted.has(name));
  if (missing !== undefined) return `server ${missing} is not there`;
  return more === undefined ? undefined : `server ${more} is there`;
}

/** Address and port. */
export function differentAddress({ address, port }: ExpectedServer, state: ServerState): string | undefined {
  return sameAddress(address, state.address) && port === state.port
    ? undefined
    : `is at ${state.address} port ${state.port}`;
}

/** The weight in force. */
export function differentWeight({ weight }: ExpectedServer, state: ServerState): string | undefined {
  return weight === state.userWeight ? undefined : `has weight ${state.userWeight}`;
}

/** Whether it takes traffic. */
export function differentStanding({ standing }: ExpectedServer, state: ServerState): string | undefined {
  const found = standingOf(state);
  return standing === found ? undefined : `is ${found}`;
}

// CHK_ST_ENABLED, HAProxy v2.6.0 include/haproxy/check-t.h.
const checksEnabled = 0x04;

/** Whether the checks of a server that was added run. */
export function differentChecks({ checks, agentChecks }: NewServer, state: ServerState): string | undefined {
  const runs = (column: string): boolean => (Number(state.column(column)) & checksEnabled) !== 0;
  if (runs('srv_check_state') !== checks) return `has its checks ${checks ? 'off' : 'on'}`;
  return runs('srv_agent_state') === agentChecks
    ? undefined
    : `has its agent checks ${agentChecks ? 'off' : 'on'}`;
}

/** The certificate that is served, by the fingerprint in the answer to `show ssl cert`; `pem` is the file's text. */
export function differentCertificate(pem: string, answer: string): string | undefined {
  const told = /^SHA1 FingerPrint: ([0-9A-F]+)$/m.exec(answer)?.[1];
  const leaf = leafOf(pem);
  if (leaf === undefined) return 'the file has no certificate';
  return told === leaf.fingerprint.replaceAll(':', '') ? undefined : 'another certificate is served';
}

const nameOf = ({ backend, server }: Pick<ServerState, 'backend' | 'server'>): string =>
  `${backend}/${server}`;

function sameAddress(a: string, b: string): boolean {
  return a === b || (parseIp(a)?.text ?? a) === (parseIp(b)?.text ?? b);
}

// The first one of the file is what haproxy serves.
function leafOf(pem: string): X509Certificate | undefined {
  const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(pem)?.[0];
  try {
    return block === undefined ? undefined : new X509Certificate(block);
  } catch {
    return undefined;
  }
}
