// What 1.0 answers in many rows, and the parameters that many rows have.

import type { Answer, Parameter, Schema } from '../../../http/operation';

const done: Schema = { $ref: '#/components/schemas/V10Done' };
const refusal: Schema = { $ref: '#/components/schemas/V10Refusal' };

/** Makes the answer of what was done. */
export function doneAnswer(description: string, details?: string, ...others: readonly string[]): Answer {
  const body = (text?: string) => (text === undefined ? { message: 'OK' } : { message: 'OK', details: text });
  return {
    description,
    schema: done,
    example: body(details),
    ...(others.length === 0 ? {} : { otherExamples: others.map(body) }),
  };
}

/** Makes the answer of what was stored, with its digest. */
export function storedAnswer(description: string): Answer {
  return { ...doneAnswer(description), headers: { ETag: 'The MD5 of what was sent, without quotes.' } };
}

type Refusal =
  | { readonly message: string; readonly details?: string }
  | { readonly details: string }
  | { readonly error: string; readonly http_code: number };

/** Makes the answer of what was refused, with the messages that it may have. */
export function refusalAnswer(description: string, ...examples: readonly Refusal[]): Answer {
  const [example, ...otherExamples] = examples;
  return {
    description,
    schema: refusal,
    ...(example === undefined ? {} : { example }),
    ...(otherExamples.length === 0 ? {} : { otherExamples }),
  };
}

/** What the framework below the real agent says of a body that has not what its row needs. */
export function badRequest(description: string): Refusal {
  return { error: `400 Bad Request: ${description}`, http_code: 400 };
}

export const exampleId = '8f0d4f5e-2f5c-4a39-9a0e-5f1f8cf1c0de';
export const exampleUdpListener = '0a5d7a0e-33b1-4bb2-9d2c-6f6f1f0b7c11';
export const exampleAmphora = '3a7e4b52-9d0c-4f15-8b6e-2c1d5e9f7a01';

// Of what is written to; what is only asked for may be any text.
const plainId: Schema = { type: 'string', pattern: '^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}$' };

export const loadBalancerParameter: Parameter = {
  description: 'The load balancer.',
  schema: plainId,
  example: exampleId,
};

export const knownParameter: Parameter = {
  description: 'The load balancer. Any text: what is not there is 404.',
  schema: { type: 'string' },
  example: exampleId,
};

export const amphoraParameter: Parameter = {
  description: 'The amphora.',
  schema: plainId,
  example: exampleAmphora,
};

export const actionParameter: Parameter = {
  description: '`start`, `reload` or `stop`, in any letter case.',
  schema: { type: 'string', pattern: '^([Ss][Tt][Aa][Rr][Tt]|[Rr][Ee][Ll][Oo][Aa][Dd]|[Ss][Tt][Oo][Pp])$' },
  example: 'start',
};

export const unknownAction = refusalAnswer('Unknown action.', {
  message: 'Invalid Request',
  details: 'Unknown action: jump',
});
