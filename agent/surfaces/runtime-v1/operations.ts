// The description of the surface: what its tables of rows do not say.

import type { SurfaceApi } from '../../http/operation';
import { failureAnswer } from './operations/answers';
import { additionOperations, additionSchemas } from './operations/additions';
import { drainOperations, drainSchemas } from './operations/drains';
import { overviewOperations, overviewSchemas } from './operations/overview';
import { serverOperations, serverSchemas } from './operations/servers';
import { settingsOperations, settingsSchemas } from './operations/settings';

const description = `Servers of any haproxy whose socket this agent may use, changed at run time, without a reload.

- Every row is there twice: with the name of an instance, and without one for the instance \`default\`, or for the only one there is.
  Instances are those of \`[runtime_api] instances\`; with none there, the load balancers of this amphora, under their ids.
- Every answer is an envelope: \`success\`, \`status_code\` (the HTTP status), \`data\` and sometimes \`message\`; of a failure \`error\`,
  the stable word \`code\`, and \`details\`. Texts are Russian unless \`Accept-Language\` or the configuration says otherwise.
- A slash at the end does not matter. A known path with another method is 405 with \`Allow\`.
- haproxy’s refusals are 502, a haproxy that cannot be reached, or does not answer in time, is 503.
- With \`[runtime_api] bind\` there is a plain listener for this surface alone, with a bearer token if there is one.`;

export const runtimeV1Api: SurfaceApi = {
  name: 'runtime-v1',
  title: 'Runtime',
  description,
  tags: {
    'Backends and servers': 'What there is, and what is wanted of it.',
    'Drains that wait': 'What an action with `wait` has begun.',
    Instances: 'The haproxies themselves.',
  },
  otherSecurity: 'bearer',
  operations: {
    ...serverOperations,
    ...drainOperations,
    ...overviewOperations,
    ...settingsOperations,
    ...additionOperations,
  },
  commonAnswers: {
    400: failureAnswer(400, 'The request is not what it must be.'),
    401: {
      description: 'No client certificate, or on the plain listener no valid token.',
      schema: {
        anyOf: [{ $ref: '#/components/schemas/RuntimeFailure' }, { $ref: '#/components/schemas/Refusal' }],
      },
      example: {
        success: false,
        status_code: 401,
        error: 'Требуется действительный токен: Authorization: Bearer <token>',
        code: 'unauthorized',
        details: {},
      },
    },
    404: failureAnswer(404, 'There is no such instance, or several and none was named.', [
      'instance_not_found',
      "Экземпляр HAProxy 'web' не найден. Известные: a, b",
      { instances: ['a', 'b'] },
    ]),
    500: failureAnswer(500, 'A bug; the log has the cause.', ['internal', 'Внутренняя ошибка']),
    502: failureAnswer(502, 'haproxy answers too much.', [
      'too_large',
      'Ошибка HAProxy: ответ длиннее 67108864 байт',
    ]),
    503: failureAnswer(
      503,
      'haproxy cannot be reached, or does not answer in time.',
      ['unavailable', 'Ошибка подключения к HAProxy: Socket file not found: /run/haproxy.sock'],
      ['timeout', 'Ошибка подключения к HAProxy: Таймаут при выполнении команды'],
    ),
  },
  changeAnswers: {
    403: {
      description: 'Only reading is allowed: to all, or to this client.',
      schema: {
        anyOf: [{ $ref: '#/components/schemas/RuntimeFailure' }, { $ref: '#/components/schemas/Refusal' }],
      },
      example: {
        success: false,
        status_code: 403,
        error: 'Изменения запрещены: только чтение',
        code: 'forbidden',
        details: {},
      },
    },
  },
  schemas: {
    ...serverSchemas,
    ...drainSchemas,
    ...overviewSchemas,
    ...settingsSchemas,
    ...additionSchemas,
    RuntimeFailure: {
      type: 'object',
      required: ['success', 'status_code', 'error', 'code', 'details'],
      properties: {
        success: { const: false },
        status_code: { type: 'integer' },
        error: { type: 'string' },
        code: { type: 'string', pattern: '^[a-z_]+$' },
        details: { type: 'object' },
      },
    },
  },
};
