// The rows of routes/settings.ts, described.

import type { Operations, Schema } from '../../../http/operation';
import { bulkSchema, healthSchema, weightSchema } from '../extras-schemas';
import { runtimeActionSchema } from '../schemas';
import {
  backend,
  bothDescribed,
  envelope,
  exampleBackend,
  exampleInstance,
  failureAnswer,
  language,
  server,
  succeeded,
} from './answers';
import { integer, named, object, text } from './shapes';

const tag = 'Backends and servers';
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const example = { instance: exampleInstance, backend: exampleBackend, server: 'member-one' };

const refused = failureAnswer(502, 'haproxy refuses, in its own words.', [
  'command_failed',
  'Ошибка HAProxy: Health check was not configured on this server, cannot enable',
]);
const missing = failureAnswer(404, 'There is no such server, backend or instance.', [
  'server_not_found',
  'Ошибка HAProxy: No such server',
  { backend: exampleBackend, server: 'web09' },
]);

export const settingsOperations: Operations = {
  ...bothDescribed('PUT', '/backends/:backend/servers/:server/weight', {
    id: 'putRuntimeWeight',
    tag,
    summary: 'Set the weight of a server',
    path: { backend, server },
    headers: language,
    body: {
      mediaType: 'application/json',
      description: '0 to 256, or a percentage of the configured weight.',
      schema: ref('RuntimeWeight'),
      example: { weight: '50%' },
    },
    answers: {
      200: {
        description: 'It is set: the weight now, and the configured one.',
        schema: ref('RuntimeWeightSet'),
        example: succeeded({ ...example, weight: '5', initial: '10' }, 'Вес сервера изменён'),
      },
      404: missing,
      409: failureAnswer(409, 'The backend balances statically.', [
        'conflict',
        "Ошибка HAProxy: Backend is using a static LB algorithm and only accepts weights '0%' and '100%'",
      ]),
      502: refused,
    },
  }),
  ...bothDescribed('PUT', '/backends/:backend/servers/:server/health', {
    id: 'putRuntimeHealth',
    tag,
    summary: 'Switch the checks of a server, or say what they found',
    description: 'In the order `check`, `agent`, `force`, up to the first refusal. One of them is needed.',
    path: { backend, server },
    headers: language,
    body: {
      mediaType: 'application/json',
      schema: ref('RuntimeHealth'),
      example: { check: 'enabled' },
    },
    answers: {
      200: {
        description: 'It is done.',
        schema: ref('RuntimeHealthSet'),
        example: succeeded({ ...example, check: 'enabled' }, 'Проверки сервера изменены'),
      },
      404: missing,
      502: refused,
    },
  }),
  ...bothDescribed('POST', '/backends/:backend/action', {
    id: 'postRuntimeBulkAction',
    tag,
    summary: 'Do one action on many servers of a backend',
    path: { backend },
    headers: language,
    body: {
      mediaType: 'application/json',
      description: 'Names, or `*` for all.',
      schema: ref('RuntimeBulkAction'),
      example: { action: 'ready', servers: '*' },
    },
    answers: {
      200: {
        description: 'All is done.',
        schema: ref('RuntimeBulkDone'),
        example: succeeded({
          instance: exampleInstance,
          backend: exampleBackend,
          action: 'ready',
          results: [{ server: 'member-one', status: 'completed' }],
          count: 1,
        }),
      },
      207: {
        ...failureAnswer(207, 'Some of it is done: a failure with `data` as of a success.', [
          'partial',
          'Не выполнено для 1 из 2 серверов',
          { failed: ['web09'] },
        ]),
      },
      404: failureAnswer(404, 'There is no such backend or instance.'),
    },
  }),
};

export const settingsSchemas: Readonly<Record<string, Schema>> = {
  RuntimeWeight: weightSchema,
  RuntimeWeightSet: envelope(object({ ...named, weight: text, initial: text })),
  RuntimeHealth: healthSchema,
  RuntimeHealthSet: envelope(
    object({ ...named, ...healthSchema.properties }, Object.keys(healthSchema.properties)),
  ),
  RuntimeBulkAction: {
    type: 'object',
    required: [...runtimeActionSchema.required, ...bulkSchema.required],
    properties: { ...runtimeActionSchema.properties, ...bulkSchema.properties },
  },
  RuntimeBulkDone: envelope(
    object({
      instance: text,
      backend: text,
      action: { enum: ['ready', 'drain', 'maint'] },
      results: {
        type: 'array',
        items: object({ server: text, status: { enum: ['completed', 'failed'] }, code: text, error: text }, [
          'code',
          'error',
        ]),
      },
      count: integer,
    }),
  ),
};
