// Identifiers that come from the wire: parsed once into a branded string, or refused. A branded id
// is safe in a path segment, an argv and a socket command.

import { invalidInput } from './errors';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** The amphora's own id: a UUID in lower case. */
export type AmphoraId = Branded<'AmphoraId'>;
/** Names one load balancer (one haproxy process group); in v0.1 the listener's UUID. */
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

/** Picks the ids among directory names: UUIDs in lower case, as we write them. */
export function idsAmong(names: readonly string[]): readonly LoadBalancerId[] {
  return names.filter((name) => isUuid(name) && name === name.toLowerCase()) as LoadBalancerId[];
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
