// The rows of routes/servers.ts, described.

import type { Operations, Schema } from '../../../http/operation';
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
import { begunExample } from './drains';
import { figure, object, saying, text } from './shapes';
import { waitSchema } from '../extras-schemas';
import { runtimeActionSchema } from '../schemas';

const tag = 'Backends and servers';
/** The nine documented strings, then figures of ours. */
export const serverSchema: Schema = object({
  name: text,
  status: saying(text, 'haproxy’s own words: `UP`, `DOWN 1/2`, `MAINT (via pool/web02)` …'),
  weight: saying(text, 'The effective weight now.'),
  check_status: text,
  check_duration: saying(text, 'Milliseconds.'),
  last_chg: saying(text, 'Seconds since the last change of status.'),
  downtime: saying(text, 'Seconds; empty without a check.'),
  addr: text,
  cookie: text,
  sessions: figure,
  queue: figure,
  total_sessions: figure,
  max_sessions: figure,
  user_weight: saying(figure, 'The weight that an operator gave.'),
  check_code: figure,
  agent_status: text,
  backup: { type: 'boolean' },
  tracked: text,
  used_connections: figure,
  admin_state: saying(
    { enum: ['ready', 'drain', 'maint'] },
    'What an operator, a tracked server, DNS or the configuration has made of it: a draining server that fails its check is only `DOWN` in `status`.',
  ),
  operational_state: saying(text, 'The first word of `status`, in lower case.'),
});

export const exampleServer = {
  name: 'member-one',
  status: 'UP',
  weight: '1',
  check_status: 'L4OK',
  check_duration: '0',
  last_chg: '12345',
  downtime: '0',
  addr: '192.0.2.10:8080',
  cookie: '',
  sessions: 0,
  queue: 0,
  total_sessions: 118,
  max_sessions: null,
  user_weight: 1,
  check_code: null,
  agent_status: '',
  backup: false,
  tracked: '',
  used_connections: 0,
  admin_state: 'ready',
  operational_state: 'up',
};

const instanceOnly = { instance: exampleInstance };
const badName = failureAnswer(400, 'A name that no backend or server can have; nothing is sent.', [
  'invalid_name',
  'Недопустимое имя бэкенда: "a;b"',
  { backend: 'a;b' },
]);

const changed = (action: string): object =>
  succeeded(
    { ...instanceOnly, backend: exampleBackend, server: 'member-one', action, status: 'completed' },
    `Состояние сервера успешно изменено на '${action}'`,
  );

export const serverOperations: Operations = {
  ...bothDescribed('GET', '/backends', {
    id: 'listRuntimeBackends',
    tag,
    summary: 'List the backends',
    headers: language,
    answers: {
      200: {
        description: 'Their names, in haproxy’s order.',
        schema: { $ref: '#/components/schemas/RuntimeBackends' },
        example: succeeded({ ...instanceOnly, backends: [exampleBackend], count: 1 }),
      },
    },
  }),
  ...bothDescribed('GET', '/backends/:backend/servers', {
    id: 'listRuntimeServers',
    tag,
    summary: 'List the servers of a backend',
    path: { backend },
    headers: language,
    answers: {
      200: {
        description: 'Its servers, in haproxy’s order.',
        schema: { $ref: '#/components/schemas/RuntimeServers' },
        example: succeeded({
          ...instanceOnly,
          backend: exampleBackend,
          servers: [exampleServer],
          count: 1,
        }),
      },
      400: badName,
      404: failureAnswer(
        404,
        'There is no such backend.',
        ['backend_not_found', "Бэкенд 'api' не найден", { backend: 'api' }],
        [
          'instance_not_found',
          `Экземпляр HAProxy 'web' не найден. Известные: ${exampleInstance}`,
          { instances: [exampleInstance] },
        ],
      ),
    },
  }),
  ...bothDescribed('POST', '/backends/:backend/servers/:server/action', {
    id: 'postRuntimeAction',
    tag,
    summary: 'Make a server ready, drain it, or take it out of service',
    description:
      'A drained server takes requests that carry its persistence cookie, and no others; `maint` refuses those, too. Neither ends sessions that run. A repetition succeeds.',
    path: { backend, server },
    query: {
      sync: {
        description: '`1`: with `wait` the answer is 200 and comes when the drain has ended.',
        schema: text,
      },
      strict: {
        description:
          '`1`: a server that does not exist is 404 and not 502. The header `X-Strict-Status: 1` does the same.',
        schema: text,
      },
    },
    headers: language,
    body: {
      mediaType: 'application/json',
      description:
        'Any content type is taken, or none. Further members do not matter. With `wait` a drain is followed until no session is left, for `timeout` seconds (60 unless given); `then` is done when it has completed, and with `force` sessions that are left at the end are cut.',
      schema: { $ref: '#/components/schemas/RuntimeAction' },
      example: { action: 'drain' },
    },
    answers: {
      200: {
        description: 'It is done; with `wait` and `sync`, how the drain ended.',
        schema: {
          anyOf: [
            { $ref: '#/components/schemas/RuntimeActionDone' },
            { $ref: '#/components/schemas/RuntimeOperation' },
          ],
        },
        example: changed('drain'),
      },
      202: {
        description: 'With `wait`: the drain goes on.',
        headers: { Location: 'Where it can be followed, and cancelled.' },
        schema: { $ref: '#/components/schemas/RuntimeOperationBegun' },
        example: begunExample,
      },
      400: failureAnswer(
        400,
        'No JSON object, an unknown action, or a name that can be none.',
        [
          'invalid_request',
          'Неверный запрос: action: ожидается ready, drain, maint',
          { field: 'action', expected: 'ready, drain, maint' },
        ],
        ['invalid_name', 'Недопустимое имя сервера: "#1"', { server: '#1' }],
      ),
      404: failureAnswer(404, 'With `strict`, or an unknown instance.'),
      413: failureAnswer(413, 'A body over 64 KiB.', ['body_too_large', 'Тело запроса слишком велико']),
      502: failureAnswer(
        502,
        'haproxy refuses, in its own words.',
        ['server_not_found', 'Ошибка HAProxy: No such server', { backend: exampleBackend, server: 'web09' }],
        [
          'socket_level',
          'Ошибка HAProxy: Permission denied',
          { advice: 'haproxy wants "level admin" on its "stats socket" line' },
        ],
      ),
    },
  }),
};

export const serverSchemas: Readonly<Record<string, Schema>> = {
  RuntimeServer: serverSchema,
  RuntimeBackends: envelope(
    object({ instance: text, backends: { type: 'array', items: text }, count: { type: 'integer' } }),
  ),
  RuntimeServers: envelope(
    object(
      {
        instance: text,
        backend: text,
        servers: { type: 'array', items: { $ref: '#/components/schemas/RuntimeServer' } },
        count: { type: 'integer' },
        persisted_additions: saying(
          {
            type: 'array',
            items: object(
              {
                name: text,
                address: text,
                port: { type: 'integer' },
                check: { type: 'boolean' },
                state: { enum: ['carried', 'left out'] },
                reason: text,
              },
              ['reason'],
            ),
          },
          'Servers that were added at run time and are kept over reloads.',
        ),
      },
      ['persisted_additions'],
    ),
  ),
  RuntimeAction: {
    type: 'object',
    required: runtimeActionSchema.required,
    properties: { ...runtimeActionSchema.properties, ...waitSchema.properties },
  },
  RuntimeActionDone: envelope(
    object({
      instance: text,
      backend: text,
      server: text,
      action: { enum: ['ready', 'drain', 'maint'] },
      status: { const: 'completed' },
    }),
  ),
};
