// A server of a configuration in the words of `add server`, so that it behaves as one read from a file. That command
// takes nothing from `default-server`, a part of the words, and other values where a word is not given.
// Sources: HAProxy 2.6 management guide, 9.3 "add server"; v2.6.0 src/server.c (_srv_parse_init), src/proxy.c
// (proxy_preset_defaults), src/check.c (init_srv_check), src/ssl_sock.c (ssl_sock_load_srv_cert).

import type { NewServer } from '../runtime-change';
import { says, type Backend, type PlannedServer } from './backends';
import type { Place } from './place';
import { reload, type Reload } from './reload';
import type { ServerWords } from './server-words';

// Each behaves the same when it is added: docs/changes-without-reload.md says how that was seen.
const plain: ReadonlySet<string> = new Set([
  ...[
    'backup',
    'check',
    'inter',
    'fastinter',
    'downinter',
    'fall',
    'rise',
    'addr',
    'port',
    'maxconn',
    'slowstart',
  ],
  ...['check-ssl', 'check-send-proxy', 'ssl', 'verify', 'sni', 'ciphers', 'ciphersuites', 'alpn'],
  ...['send-proxy', 'send-proxy-v2', 'send-proxy-v2-ssl', 'send-proxy-v2-ssl-cn'],
  ...['no-sslv3', 'no-tlsv10', 'no-tlsv11', 'no-tlsv12', 'no-tlsv13', 'ssl-min-ver', 'ssl-max-ver'],
]);
/** Files that `add server` takes only when haproxy has them already. */
const fileWords: ReadonlySet<string> = new Set(['ca-file', 'crl-file', 'crt']);
/** Taken back before they had an effect, so that leaving them out is the same. */
const undoable: ReadonlySet<string> = new Set(['check', 'backup']);
const proxyWords = ['send-proxy', 'send-proxy-v2', 'send-proxy-v2-ssl', 'send-proxy-v2-ssl-cn'];
// Nothing that the command line of haproxy's socket would read as something else.
const plainWord = /^[A-Za-z0-9_.,:/@!+=*()-]+$/;
/** haproxy takes 64 words in a command; three are before those of the server. */
const mostWords = 56;

/** Says how a server is added; `loads` tells whether the running configuration has a server with this word and file. */
export function newServer(
  backend: Backend,
  { name }: PlannedServer,
  place: Place,
  server: ServerWords,
  loads: (keyword: string, path: string) => boolean,
): NewServer | Reload {
  const refuse = (why: string): Reload => reload(`server ${backend.name}/${name} is new: ${why}`);
  const { settings } = server;
  const undone = server.undone.find((keyword) => !undoable.has(keyword));
  if (undone !== undefined) return refuse(`it takes ${undone} of default-server back`);
  for (const [keyword, values] of settings) {
    const why = refusalOf(keyword, values, loads);
    if (why !== undefined) return refuse(why);
  }
  const checks = settings.has('check');
  // Without what haproxy prepares when it starts such a check ends haproxy.
  if (checks && says(backend, 'option', 'external-check')) return refuse('it is checked by a program');
  // Its checks would not pause: a server pauses them when it goes into maintenance, and this one begins in it.
  if (checks && server.isDisabled) return refuse('it is disabled and checked');
  const words = [...wordsOf(settings), ...implied(server, settings)];
  if (words.some((word) => !plainWord.test(word))) return refuse('a word of it is no plain word');
  if (words.length > mostWords) return refuse('it has too many words');
  return {
    backend: backend.name,
    server: name,
    place: place.written,
    words,
    checks,
    agentChecks: false,
    standing: server.isDisabled ? 'maint' : 'ready',
  };
}

function refusalOf(
  keyword: string,
  values: readonly string[],
  loads: (keyword: string, path: string) => boolean,
): string | undefined {
  const [value = ''] = values;
  if (fileWords.has(keyword))
    return loads(keyword, value) ? undefined : `no server has ${keyword} ${value} yet`;
  if (!plain.has(keyword)) return `"${keyword}" is no word for a server that is added`;
  // Such a connection would serve a single request: `max-reuse` is 0 then and cannot be given.
  if (keyword === 'alpn' && value.split(',').includes('h2')) return 'it speaks HTTP/2';
  if (keyword === 'sni' && !/^(?:ssl_fc_sni|str\([A-Za-z0-9.-]+\))$/.test(value))
    return `its sni is ${value}`;
  if (keyword === 'addr' && !/^[0-9a-fA-F.:]+$/.test(value)) return 'its addr is no IP address';
  return undefined;
}

function wordsOf(settings: ReadonlyMap<string, readonly string[]>): readonly string[] {
  return [...settings].flatMap(([keyword, values]) => [keyword, ...values]);
}

/** What a server of a file has without a word for it. */
function implied(
  { weight }: ServerWords,
  settings: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const checksItsOwnPort = settings.has('check') && !settings.has('port') && !settings.has('addr');
  const checksAsTraffic = (word: string, is: boolean): readonly string[] =>
    checksItsOwnPort && is && !settings.has(word) ? [word] : [];
  const maxconn = settings.get('maxconn');
  return [
    'weight',
    String(weight),
    ...checksAsTraffic('check-ssl', settings.has('ssl')),
    ...checksAsTraffic(
      'check-send-proxy',
      proxyWords.some((word) => settings.has(word)),
    ),
    // An early 2.6 reads a maxconn without it as a limit that moves.
    ...(maxconn === undefined ? [] : ['minconn', ...maxconn]),
    // 0 otherwise: no connection to it would be used twice.
    ...['pool-purge-delay', '5s', 'pool-max-conn', '-1'],
  ];
}
