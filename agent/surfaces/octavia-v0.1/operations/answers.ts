// What v0.1 answers in many rows, and the parameters that many rows have.

import type { Answer, Parameter, Schema } from '../../../http/operation';

const done: Schema = { $ref: '#/components/schemas/V01Done' };
const refusal: Schema = { $ref: '#/components/schemas/V01Refusal' };

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

/** Makes the answer of what was refused, with the messages that it may have. */
export function refusalAnswer(
  description: string,
  ...examples: readonly { readonly message: string; readonly details?: string }[]
): Answer {
  const [example, ...otherExamples] = examples;
  return {
    description,
    schema: refusal,
    ...(example === undefined ? {} : { example }),
    ...(otherExamples.length === 0 ? {} : { otherExamples }),
  };
}

export const exampleListener = '6e1a3c52-7a65-4a1c-a5f0-2b8f3fd5c1a7';
export const exampleAmphora = '3a7e4b52-9d0c-4f15-8b6e-2c1d5e9f7a01';

const uuid: Schema = {
  type: 'string',
  pattern: '^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$',
};

export const listenerParameter: Parameter = {
  description: 'The listener: a UUID in any letter case, stored in lower case.',
  schema: uuid,
  example: exampleListener,
};

export const amphoraParameter: Parameter = {
  description: "The amphora, a UUID in any letter case: haproxy's peer name (`-L`).",
  schema: uuid,
  example: exampleAmphora,
};

export const listenerNotFound = refusalAnswer('There is no such listener.', {
  message: 'Listener Not Found',
  details: `No listener with UUID: ${exampleListener}`,
});

export const tooLarge = refusalAnswer('The body is longer than accepted.', {
  message: 'Request body too large',
  details: 'at most 16777216 bytes are accepted',
});

export const noSpace = refusalAnswer('The disk is full. What was there stays.');
