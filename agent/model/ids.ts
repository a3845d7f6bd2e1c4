// Identifiers that come from the wire: parsed once into a branded string, or refused. A branded id
// is safe in a path segment, an argv and a socket command.

import { invalidInput } from './errors';
import { isReservedName } from './reserved-names';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** The amphora's own id: a UUID in lower case. */
export type AmphoraId = Branded<'AmphoraId'>;
/** Names one load balancer (one haproxy process group); in v0.1 the listener's UUID, in 1.0 any plain id. */
export type LoadBalancerId = Branded<'LoadBalancerId'>;

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Tells whether `text` is a UUID in the canonical 8-4-4-4-12 form, any letter case. */
export function isUuid(text: string): boolean {
  return uuidPattern.test(text);
}

/** Parses an amphora id. Throws `invalid-input` naming `field`. */
export function parseAmphoraId(text: string, field = 'amphora_id'): AmphoraId {
  return parseUuid(text, field) as AmphoraId;
}

/** Parses a listener UUID of the v0.1 API into the load balancer it owns. Throws `invalid-input` naming `field`. */
export function parseListenerUuid(text: string, field = 'listener'): LoadBalancerId {
  return parseUuid(text, field) as LoadBalancerId;
}

const idPattern = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}$/;

/** Tells whether `text` is letters, digits, `_`, `.` and `-`, 64 at most, without a leading dot: what Octavia's 1.0 API takes for an id. */
export function isPlainId(text: string): boolean {
  return idPattern.test(text);
}

/** Tells whether `text` can name a load balancer: a plain id that stands for nothing else in base_path. */
export function isLoadBalancerId(text: string): text is LoadBalancerId {
  return isPlainId(text) && !isReservedName(text);
}

/** Parses the id of a load balancer, which need not be a UUID; letter case is kept. Throws `invalid-input` naming `field`. */
export function parseLoadBalancerId(text: string, field = 'loadbalancer_id'): LoadBalancerId {
  if (isLoadBalancerId(text)) return text;
  const why = isPlainId(text)
    ? 'is the name of something else in base_path'
    : 'expected up to 64 letters, digits, "_", "." and "-", no dot first';
  throw invalidInput('Invalid request', `${field}: ${why}, got ${quote(text)}`);
}

/** Tells whether an id is one that the agent itself always wrote: a UUID in lower case. */
export function isLowerUuid(name: string): boolean {
  return isUuid(name) && name === name.toLowerCase();
}

/** Picks the UUIDs in lower case among directory names: load balancers whatever is in them. */
export function uuidsAmong(names: readonly string[]): readonly LoadBalancerId[] {
  return names.filter(isLowerUuid) as LoadBalancerId[];
}

function parseUuid(text: string, field: string): string {
  if (!isUuid(text)) {
    throw invalidInput('Invalid request', `${field}: expected a UUID, got ${quote(text)}`);
  }
  return text.toLowerCase();
}

/** Quotes wire text for an error message: control characters escaped, length bounded to 80 characters. */
export function quote(text: string): string {
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return JSON.stringify(shown).replace(beyondJson, escaped);
}

// What JSON leaves as it is and a terminal or a log obeys: DEL, the C1 controls, the line separators of Unicode.
const beyondJson = /[\u007f-\u009f\u2028\u2029]/g;

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
