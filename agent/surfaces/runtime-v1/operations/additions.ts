// The rows of routes/additions.ts and routes/events.ts, described.

import type { Operations, Parameter, Schema } from '../../../http/operation';
import { additionSchema } from '../extras-schemas';
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
import { flag, integer, named, object, saying, text } from './shapes';

const tag = 'Backends and servers';
const added: Parameter = { ...server, example: 'member-three' };
const example = { instance: exampleInstance, backend: exampleBackend, server: 'member-three' };

export const additionOperations: Operations = {
  ...bothDescribed('POST', '/backends/:backend/servers', {
    id: 'addRuntimeServer',
    tag,
    summary: 'Add a server without a reload',
    description:
      'It takes traffic at once. In a load balancer of this amphora it is kept over reloads, unless `persist` is false; of another haproxy a reload loses it, and the answer says so.',
    path: { backend },
    headers: language,
    body: {
      mediaType: 'application/json',
      description:
        '`inter` is in milliseconds. The address is an IPv4 or IPv6 address: haproxy would leave a name without one.',
      schema: { $ref: '#/components/schemas/RuntimeAddition' },
      example: { name: 'member-three', address: '192.0.2.30', port: 8080 },
    },
    answers: {
      201: {
        description: 'It is there.',
        schema: { $ref: '#/components/schemas/RuntimeAdded' },
        example: succeeded(
          { ...example, address: '192.0.2.30', port: 8080, check: true, persisted: true },
          'Сервер добавлен',
          201,
        ),
      },
      404: failureAnswer(404, 'There is no such backend or instance.'),
      409: failureAnswer(409, 'There is one of that name.', [
        'conflict',
        'Ошибка HAProxy: Already exists a server with the same name in backend',
      ]),
      502: failureAnswer(502, 'haproxy refuses, in its own words.', [
        'command_failed',
        'Ошибка HAProxy: Backend must use a dynamic load balancing to support dynamic servers',
      ]),
    },
  }),
  ...bothDescribed('DELETE', '/backends/:backend/servers/:server', {
    id: 'removeRuntimeServer',
    tag,
    summary: 'Take a server away without a reload',
    description: 'haproxy lets it go once no connection is left; until `timeout` it is asked again.',
    path: { backend, server: added },
    query: {
      drain: { description: '`1`: it is drained first, within the same time.', schema: text },
      timeout: { description: 'Seconds, 0 to 3600; 10 unless given.', schema: text },
    },
    headers: language,
    answers: {
      200: {
        description: 'It is gone. `persisted`: from the next reload on, too.',
        schema: { $ref: '#/components/schemas/RuntimeRemoved' },
        example: succeeded({ ...example, persisted: true }, 'Сервер удалён'),
      },
      404: failureAnswer(404, 'There is no such server, backend or instance.'),
      409: failureAnswer(409, 'It is in use, still.', [
        'conflict',
        'Ошибка HAProxy: Server still has connections attached to it, cannot remove it',
      ]),
      502: failureAnswer(502, 'haproxy refuses, in its own words.'),
    },
  }),
  ...bothDescribed('GET', '/events', {
    id: 'streamRuntimeEvents',
    tag: 'Instances',
    summary: 'Follow the changes of servers, as server-sent events',
    headers: {
      'Last-Event-ID': {
        description: 'The last event that was seen: what came after it follows.',
        schema: text,
      },
    },
    answers: {
      200: {
        description:
          'First `snapshot`, then `changed`, `added`, `removed`, `unavailable`; a comment every 15 s of silence.',
        mediaType: 'text/event-stream',
        endless: true,
        example: `id: 2\nevent: changed\ndata: {"backend":"${exampleBackend}","server":"member-one","status":"DRAIN","admin_state":"drain","weight":1,"previous":{"status":"UP","admin_state":"ready","weight":1}}\n\n`,
      },
    },
  }),
};

export const additionSchemas: Readonly<Record<string, Schema>> = {
  RuntimeAddition: additionSchema,
  RuntimeAdded: envelope(
    object(
      {
        ...named,
        address: text,
        port: integer,
        check: flag,
        persisted: flag,
        reason: saying(text, 'Why a reload will lose it.'),
      },
      ['reason'],
    ),
    201,
  ),
  RuntimeRemoved: envelope(object({ ...named, persisted: flag })),
};
