// What the surface says, in both languages. haproxy's and the system's own words are neutral and come last. The Russian
// texts of an action, a refusal, a lost connection and a deadline are documented ones that clients know.

import type { FaultCode, RuntimeFault } from '../../model/runtime-fault';

export type Language = 'ru' | 'en';

/** What is said when no fault of haproxy is meant. */
export interface Phrases {
  readonly stateChanged: (action: string) => string;
  readonly notFound: (path: string) => string;
  readonly methodNotAllowed: (method: string) => string;
  readonly unauthorized: string;
  readonly forbidden: string;
  readonly notFromHere: string;
  readonly bodyTooLarge: string;
  readonly badRequest: (detail: string) => string;
  readonly internal: string;
  readonly failed: (message: string) => string;
}

type FaultTexts = {
  readonly [Code in FaultCode]: (fault: Extract<RuntimeFault, { readonly code: Code }>) => string;
};

export const phrases: Readonly<Record<Language, Phrases>> = {
  ru: {
    stateChanged: (action) => `Состояние сервера успешно изменено на '${action}'`,
    notFound: (path) => `Нет такого пути: ${path}`,
    methodNotAllowed: (method) => `Метод ${method} здесь не поддерживается`,
    unauthorized: 'Требуется действительный токен: Authorization: Bearer <token>',
    forbidden: 'Изменения запрещены: только чтение',
    notFromHere: 'Без токена отвечает только программам этой машины: Host должен быть localhost, без Origin',
    bodyTooLarge: 'Тело запроса слишком велико',
    badRequest: (detail) => `Неверный запрос: ${detail}`,
    internal: 'Внутренняя ошибка',
    failed: (message) => `Ошибка: ${message}`,
  },
  en: {
    stateChanged: (action) => `Server state changed to '${action}'`,
    notFound: (path) => `No such path: ${path}`,
    methodNotAllowed: (method) => `${method} is not allowed here`,
    unauthorized: 'A valid token is required: Authorization: Bearer <token>',
    forbidden: 'Changes are forbidden: read only',
    notFromHere:
      'Without a token only programs of this machine are answered: Host must be localhost, no Origin',
    bodyTooLarge: 'Request body too large',
    badRequest: (detail) => `Invalid request: ${detail}`,
    internal: 'Internal error',
    failed: (message) => `Error: ${message}`,
  },
};

const refusedRu = ({ said }: { readonly said: string }): string => `Ошибка HAProxy: ${said}`;
const refusedEn = ({ said }: { readonly said: string }): string => `HAProxy error: ${said}`;
const lostRu = (said: string): string => `Ошибка подключения к HAProxy: ${said}`;
const lostEn = (said: string): string => `HAProxy connection error: ${said}`;
const lateWhileConnecting = '[Errno 110] Connection timed out';

const faultTexts: Readonly<Record<Language, FaultTexts>> = {
  ru: {
    invalid_request: ({ field, expected }) => `Неверный запрос: ${field}: ожидается ${expected}`,
    invalid_name: ({ what, name }) =>
      `Недопустимое имя ${what === 'backend' ? 'бэкенда' : 'сервера'}: ${JSON.stringify(name)}`,
    instance_not_found: ({ name, known }) =>
      name === undefined
        ? `Укажите экземпляр HAProxy. Известные: ${known.join(', ')}`
        : `Экземпляр HAProxy '${name}' не найден. Известные: ${known.join(', ')}`,
    backend_not_found: ({ backend, said }) =>
      said === undefined ? `Бэкенд '${backend}' не найден` : refusedRu({ said }),
    server_not_found: ({ backend, server, said }) =>
      said === undefined ? `Сервер '${backend}/${server}' не найден` : refusedRu({ said }),
    socket_level: refusedRu,
    unsupported: refusedRu,
    command_failed: refusedRu,
    conflict: refusedRu,
    unavailable: ({ said }) => lostRu(said),
    truncated: () => lostRu('ответ оборван'),
    timeout: ({ while: when }) =>
      lostRu(when === 'connecting' ? lateWhileConnecting : 'Таймаут при выполнении команды'),
    bad_address: ({ said, isPort }) => (isPort ? said : lostRu(said)),
    too_large: ({ mostBytes }) => `Ошибка HAProxy: ответ длиннее ${mostBytes} байт`,
    busy: () => lostRu('слишком много запросов в очереди'),
  },
  en: {
    invalid_request: ({ field, expected }) => `Invalid request: ${field}: expected ${expected}`,
    invalid_name: ({ what, name }) => `Invalid ${what} name: ${JSON.stringify(name)}`,
    instance_not_found: ({ name, known }) =>
      name === undefined
        ? `Name a HAProxy instance. Known: ${known.join(', ')}`
        : `HAProxy instance '${name}' not found. Known: ${known.join(', ')}`,
    backend_not_found: ({ backend, said }) =>
      said === undefined ? `Backend '${backend}' not found` : refusedEn({ said }),
    server_not_found: ({ backend, server, said }) =>
      said === undefined ? `Server '${backend}/${server}' not found` : refusedEn({ said }),
    socket_level: refusedEn,
    unsupported: refusedEn,
    command_failed: refusedEn,
    conflict: refusedEn,
    unavailable: ({ said }) => lostEn(said),
    truncated: () => lostEn('truncated answer'),
    timeout: ({ while: when }) => lostEn(when === 'connecting' ? lateWhileConnecting : 'command timed out'),
    bad_address: ({ said, isPort }) => (isPort ? said : lostEn(said)),
    too_large: ({ mostBytes }) => `HAProxy error: the answer is longer than ${mostBytes} bytes`,
    busy: () => lostEn('too many requests are waiting'),
  },
};

/** Tells a fault. */
export function faultText(fault: RuntimeFault, language: Language): string {
  // A union's member goes with the text of its code: the table's type says so, an index does not.
  const tell = faultTexts[language][fault.code] as (given: RuntimeFault) => string;
  return tell(fault);
}

/** Chooses the language that a client wants most of those there are. */
export function languageOf(acceptLanguage: string | undefined, fallback: Language): Language {
  const wanted = (acceptLanguage ?? '')
    .split(',')
    .map((range) => {
      const [tag = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
      const weight = parameters.find((parameter) => parameter.startsWith('q='));
      return { tag: tag.split('-')[0] ?? '', weight: weight === undefined ? 1 : Number(weight.slice(2)) };
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight);
  const found = wanted.find(({ tag }) => tag === 'ru' || tag === 'en' || tag === '*')?.tag;
  return found === 'ru' || found === 'en' ? found : fallback;
}
