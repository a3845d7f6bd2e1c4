// The rows of routes/overview.ts, described.

import type { Operations, Schema } from '../../../http/operation';
import { prefix } from '../both-forms';
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
import { exampleServer } from './servers';
import { figure, flag, integer, object, saying, statRow, text } from './shapes';

const tag = 'Instances';
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const exampleInstanceBody = {
  name: exampleInstance,
  type: 'unix',
  load_balancer: true,
  reachable: true,
  version: '2.6.12-1+deb12u4',
  level: 'admin',
  uptime: 3_600,
};

export const overviewOperations: Operations = {
  [`GET ${prefix}/instances`]: {
    id: 'listRuntimeInstances',
    tag,
    summary: 'List the haproxies that can be asked',
    headers: language,
    answers: {
      200: {
        description: 'All, with why one cannot be reached; no addresses.',
        schema: ref('RuntimeInstances'),
        example: succeeded({ instances: [exampleInstanceBody], count: 1 }),
      },
    },
  },
  ...bothDescribed('GET', '/info', {
    id: 'getRuntimeInfo',
    tag,
    summary: 'Tell the facts of the process (`show info`)',
    headers: language,
    answers: {
      200: {
        description: 'With figures as figures under names in snake_case, and as haproxy says it.',
        schema: ref('RuntimeInfo'),
        example: succeeded({
          instance: exampleInstance,
          info: { name: 'HAProxy', max_conn: 500 },
          raw: { Name: 'HAProxy', Maxconn: '500' },
        }),
      },
    },
  }),
  ...bothDescribed('GET', '/stats', {
    id: 'getRuntimeStats',
    tag,
    summary: 'Give the rows of the statistics (`show stat`)',
    query: {
      type: {
        description: 'Only rows of this type.',
        schema: { enum: ['frontend', 'backend', 'server', 'listener'] },
        example: 'server',
      },
      proxy: { description: 'Only rows of this proxy.', schema: text, example: exampleBackend },
    },
    headers: language,
    answers: {
      200: {
        description: 'By haproxy’s own column names: figures as figures, null where haproxy has none.',
        schema: ref('RuntimeStats'),
        example: succeeded({
          instance: exampleInstance,
          stats: [{ pxname: exampleBackend, svname: 'member-one', scur: 0, status: 'UP' }],
          count: 1,
        }),
      },
      400: failureAnswer(400, 'Another type.', [
        'invalid_request',
        'Неверный запрос: type: ожидается frontend, backend, server, listener',
        { field: 'type', expected: 'frontend, backend, server, listener' },
      ]),
    },
  }),
  ...bothDescribed('GET', '/backends/:backend/servers/:server', {
    id: 'getRuntimeServer',
    tag: 'Backends and servers',
    summary: 'Tell all of one server',
    path: { backend, server },
    headers: language,
    answers: {
      200: {
        description: 'As in the list of servers, with all columns of the statistics.',
        schema: ref('RuntimeServerFound'),
        example: succeeded({
          instance: exampleInstance,
          backend: exampleBackend,
          server: exampleServer,
          counters: { pxname: exampleBackend, svname: 'member-one', scur: 0 },
          persisted_addition: false,
        }),
      },
      404: failureAnswer(404, 'There is no such server.', [
        'server_not_found',
        `Сервер '${exampleBackend}/web09' не найден`,
        { backend: exampleBackend, server: 'web09' },
      ]),
    },
  }),
  ...bothDescribed('GET', '/health', {
    id: 'getRuntimeHealth',
    tag,
    summary: 'Tell whether every backend can serve, for probes',
    headers: language,
    answers: {
      200: {
        description: 'Every backend that has servers has one that is up.',
        schema: ref('RuntimeReadiness'),
        example: succeeded({
          instance: exampleInstance,
          backends: { [exampleBackend]: { up: 2, total: 3 } },
        }),
      },
      503: {
        ...failureAnswer(
          503,
          'A backend has none that is up (`not_ready`, with `data`), or haproxy cannot be reached.',
          ['not_ready', `Нет работающих серверов: ${exampleBackend}`, { backends: [exampleBackend] }],
        ),
      },
    },
  }),
};

const readiness = object({ up: integer, total: integer });

export const overviewSchemas: Readonly<Record<string, Schema>> = {
  RuntimeInstances: envelope(
    object({
      instances: {
        type: 'array',
        items: object(
          {
            name: text,
            type: { enum: ['unix', 'tcp4', 'tcp6', 'invalid'] },
            load_balancer: saying(flag, 'A load balancer of this amphora.'),
            reachable: flag,
            version: { type: ['string', 'null'] },
            level: saying(
              { enum: ['user', 'operator', 'admin', null] },
              'Of the socket: only `admin` may change servers.',
            ),
            uptime: saying(figure, 'Seconds.'),
            code: text,
            error: text,
          },
          ['code', 'error'],
        ),
      },
      count: integer,
    }),
  ),
  RuntimeInfo: envelope(
    object({
      instance: text,
      info: { type: 'object', additionalProperties: { type: ['string', 'number'] } },
      raw: { type: 'object', additionalProperties: text },
    }),
  ),
  RuntimeStats: envelope(
    object({ instance: text, stats: { type: 'array', items: statRow }, count: integer }),
  ),
  RuntimeServerFound: envelope(
    object({
      instance: text,
      backend: text,
      server: ref('RuntimeServer'),
      counters: statRow,
      persisted_addition: saying(flag, 'Added at run time, and kept over reloads.'),
    }),
  ),
  RuntimeReadiness: envelope(
    object({ instance: text, backends: { type: 'object', additionalProperties: readiness } }),
  ),
};
