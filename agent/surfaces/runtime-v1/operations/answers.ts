// What the runtime API answers in many rows, the parameters that many rows have, and both forms of each row.

import type { Answer, Operation, Operations, Parameter, Schema } from '../../../http/operation';
import { prefix } from '../both-forms';

export const exampleInstance = '6e1a3c52-7a65-4a1c-a5f0-2b8f3fd5c1a7';
export const exampleBackend = 'walk-through-pool';

const name: Schema = { type: 'string', pattern: '^[A-Za-z0-9_.:-]{1,255}$' };

const instance: Parameter = {
  description:
    'The haproxy: a name of `[runtime_api] instances`, or the id of a load balancer of this amphora.',
  schema: { type: 'string' },
  example: exampleInstance,
};

export const backend: Parameter = { description: 'The backend.', schema: name, example: exampleBackend };
export const server: Parameter = { description: 'The server.', schema: name, example: 'member-one' };

/** Where the answer has a text for people. */
export const language: Readonly<Record<string, Parameter>> = {
  'Accept-Language': {
    description: '`ru` or `en`; without it `[runtime_api] language`.',
    schema: { type: 'string' },
  },
};

/** Makes the envelope of a success around the schema of its data. */
export function envelope(data: Schema, status = 200, more: Readonly<Record<string, Schema>> = {}): Schema {
  return {
    type: 'object',
    required: ['success', 'status_code', 'data'],
    properties: {
      success: { const: true },
      status_code: { const: status },
      message: { type: 'string' },
      data,
      ...more,
    },
  };
}

/** Makes the example of a success. */
export function succeeded(data: object, message?: string, status = 200): object {
  return { success: true, status_code: status, ...(message === undefined ? {} : { message }), data };
}

/** Makes the answer of a failure: its code and text, and what else is told of it. */
export function failureAnswer(
  status: number,
  description: string,
  ...examples: readonly (readonly [code: string, error: string, details?: object])[]
): Answer {
  const bodies = examples.map(([code, error, details = {}]) => ({
    success: false,
    status_code: status,
    error,
    code,
    details,
  }));
  const [example, ...otherExamples] = bodies;
  return {
    description,
    schema: { $ref: '#/components/schemas/RuntimeFailure' },
    ...(example === undefined ? {} : { example }),
    ...(otherExamples.length === 0 ? {} : { otherExamples }),
  };
}

/** Describes both rows of one, as `bothForms` makes them; the id of the one with an instance ends in `OfInstance`. */
export function bothDescribed(method: string, path: string, operation: Operation): Operations {
  return {
    [`${method} ${prefix}${path}`]: operation,
    [`${method} ${prefix}/:instance${path}`]: {
      ...operation,
      id: `${operation.id}OfInstance`,
      summary: `${operation.summary}, of an instance by name`,
      path: { instance, ...operation.path },
    },
  };
}
