// What the extras say, in both languages.

import type { Language } from './language';

export interface ExtraPhrases {
  readonly draining: string;
  readonly drainEnded: Readonly<Record<'waiting' | 'completed' | 'timeout' | 'cancelled' | 'failed', string>>;
  readonly cookieWarning: string;
  readonly added: string;
  readonly notLasting: (reason: string) => string;
  readonly removed: string;
  readonly weightSet: string;
  readonly healthSet: string;
  readonly someFailed: (failed: number, all: number) => string;
  readonly notReady: (backends: readonly string[]) => string;
}

export const extraPhrases: Readonly<Record<Language, ExtraPhrases>> = {
  ru: {
    draining: 'Сервер выводится из работы',
    drainEnded: {
      waiting: 'Ожидание завершения сессий',
      completed: 'Сервер выведен из работы',
      timeout: 'Время ожидания истекло, сессии остались',
      cancelled: 'Ожидание отменено',
      failed: 'Ожидание не удалось',
    },
    cookieWarning: 'Бэкенд использует cookie: клиенты с cookie этого сервера продолжают приходить на него',
    added: 'Сервер добавлен',
    notLasting: (reason) => `Сервер добавлен, но не переживёт перезагрузку HAProxy: ${reason}`,
    removed: 'Сервер удалён',
    weightSet: 'Вес сервера изменён',
    healthSet: 'Проверки сервера изменены',
    someFailed: (failed, all) => `Не выполнено для ${failed} из ${all} серверов`,
    notReady: (backends) => `Нет работающих серверов: ${backends.join(', ')}`,
  },
  en: {
    draining: 'Server is draining',
    drainEnded: {
      waiting: 'Waiting for sessions to end',
      completed: 'Server is drained',
      timeout: 'Timed out, sessions are left',
      cancelled: 'The wait was cancelled',
      failed: 'The wait failed',
    },
    cookieWarning: 'The backend uses a cookie: clients with the cookie of this server still come to it',
    added: 'Server added',
    notLasting: (reason) => `Server added, but a reload of HAProxy will lose it: ${reason}`,
    removed: 'Server removed',
    weightSet: 'Server weight changed',
    healthSet: 'Server checks changed',
    someFailed: (failed, all) => `Failed for ${failed} of ${all} servers`,
    notReady: (backends) => `No server is up: ${backends.join(', ')}`,
  },
};
