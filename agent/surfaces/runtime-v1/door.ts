// Who may use a listener without client certificates: who has the token, and where none is asked for, programs of this
// machine. Source: contract of the runtime API, 1.

import { createBearer } from '../../http/bearer';
import { mayBeRebound } from '../../http/rebinding';
import { json, type Reply } from '../../http/reply';
import { languageOf, phrases, type Language } from './language';
import { failure } from './wire';

/** What of a request counts at the door. */
export interface Caller {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Makes the door; undefined lets a request in. */
export function createDoor(
  token: string | undefined,
  fallback: Language,
): (caller: Caller) => Reply | undefined {
  const holdsToken = token === undefined ? undefined : createBearer(token);
  return ({ headers }) => {
    const header = (name: string): string | undefined => {
      const value = headers[name];
      return typeof value === 'string' ? value : value?.join(', ');
    };
    const own = phrases[languageOf(header('accept-language'), fallback)];
    if (holdsToken !== undefined) {
      if (holdsToken(header('authorization'))) return undefined;
      return json(401, failure(401, 'unauthorized', own.unauthorized), { 'WWW-Authenticate': 'Bearer' });
    }
    if (!mayBeRebound({ host: header('host'), origin: header('origin') })) return undefined;
    return json(403, failure(403, 'forbidden', own.notFromHere));
  };
}
