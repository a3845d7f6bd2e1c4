// The rows of routes/drains.ts, described.

import type { Operations, Parameter, Schema } from '../../../http/operation';
import {
  bothDescribed,
  envelope,
  exampleBackend,
  exampleInstance,
  failureAnswer,
  language,
  succeeded,
} from './answers';
import { flag, integer, named, object, saying, text } from './shapes';

const tag = 'Drains that wait';

const operation: Parameter = {
  description: 'The id, as the `Location` of the action says it.',
  schema: text,
  example: 'op-1',
};

const exampleDrain = {
  id: 'op-1',
  instance: exampleInstance,
  backend: exampleBackend,
  server: 'member-one',
  action: 'drain',
  state: 'waiting',
  sessions_start: 7,
  sessions: 2,
  queue: 0,
  elapsed: 12.3,
  cookie_persistent: false,
  timeout: 60,
  then: null,
  force: false,
  forced: false,
  sessions_cut: 0,
  warnings: [],
};

export const begunExample = succeeded(exampleDrain, 'Сервер выводится из работы', 202);

const answer = { schema: { $ref: '#/components/schemas/RuntimeOperation' } };
const unknown = failureAnswer(404, 'There is no such operation, or no such instance.', [
  'not_found',
  'Ошибка: operation not found: op-9',
]);

export const drainOperations: Operations = {
  ...bothDescribed('GET', '/operations/:operation', {
    id: 'getRuntimeOperation',
    tag,
    summary: 'Tell how far a drain is',
    path: { operation },
    headers: language,
    answers: {
      200: {
        ...answer,
        description: 'Its state; of those that have ended for a while, too.',
        example: succeeded(exampleDrain, 'Ожидание завершения сессий'),
      },
      404: unknown,
    },
  }),
  ...bothDescribed('DELETE', '/operations/:operation', {
    id: 'deleteRuntimeOperation',
    tag,
    summary: 'Cancel the wait; the server stays as it is',
    path: { operation },
    headers: language,
    answers: {
      200: {
        ...answer,
        description: 'It is over.',
        example: succeeded({ ...exampleDrain, state: 'cancelled' }, 'Ожидание отменено'),
      },
      404: unknown,
    },
  }),
};

const states = ['waiting', 'completed', 'timeout', 'cancelled', 'failed'] as const;

const drain: Schema = object(
  {
    id: text,
    ...named,
    action: { const: 'drain' },
    state: saying(
      { enum: states },
      '`completed`: no session and no request in the queue was left for a second. `cancelled`: by DELETE, or somebody made the server ready.',
    ),
    sessions_start: integer,
    sessions: integer,
    queue: integer,
    elapsed: saying({ type: 'number' }, 'Seconds.'),
    cookie_persistent: saying(flag, 'The backend has a cookie: a drained server keeps its clients.'),
    timeout: saying({ type: 'number' }, 'Seconds.'),
    then: { enum: ['maint', 'ready', null] },
    force: flag,
    forced: saying(flag, 'At the end sessions were cut.'),
    sessions_cut: integer,
    warnings: { type: 'array', items: text },
    reason: saying(text, 'Why it failed.'),
  },
  ['reason'],
);

export const drainSchemas: Readonly<Record<string, Schema>> = {
  RuntimeOperation: envelope(drain),
  RuntimeOperationBegun: envelope(drain, 202),
};
