// The options of the runtime API. Several are known by variables of that API's own document; the first two it does not
// know. Source: contract of the runtime API, 1 "Configuration".

import type { OptionFacts } from './option';

export const runtimeApiOptions = {
  bind: {
    kind: 'socket-address',
    default: '',
    optional: true,
    restart: true,
    help: 'Listener of its own for the runtime API, usually 127.0.0.1:11011; empty: the REST listener only. Loopback unless there is a token.',
  },
  auth_token_file: {
    kind: 'path',
    default: '',
    optional: true,
    restart: true,
    help: 'File with the bearer token of the runtime API, which its own listener then asks for.',
  },
  auth_token: {
    kind: 'text',
    default: '',
    optional: true,
    secret: true,
    variable: 'AGENT_AUTH_TOKEN',
    restart: true,
    help: 'The bearer token itself; auth_token_file keeps it out of this file.',
  },
  require_token: {
    kind: 'boolean',
    default: 'False',
    variable: 'AGENT_SECURITY_ENABLED',
    restart: true,
    help: 'Do not start without a token.',
  },
  instances: {
    kind: 'list',
    default: '',
    variable: 'HAPROXY_INSTANCES',
    restart: true,
    help: 'haproxy sockets to offer, [name=]address each (/path, ipv4@host:port, ipv6@[address]:port); empty: socket_path, and without that the load balancers of this amphora.',
  },
  socket_path: {
    kind: 'text',
    default: '',
    optional: true,
    variable: 'HAPROXY_SOCKET_PATH',
    restart: true,
    help: 'The one haproxy socket to offer, as instance "default"; instances overrides it.',
  },
  timeout: {
    kind: 'duration',
    default: '5',
    min: 0.1,
    max: 300,
    variable: 'HAPROXY_TIMEOUT',
    restart: true,
    help: 'Deadline of one command: connect, write and read.',
  },
  language: {
    kind: 'choice',
    default: 'ru',
    choices: ['ru', 'en'],
    variable: 'HAPROXY_API_LANG',
    restart: true,
    help: 'Language of messages when the client asks for none.',
  },
  write: {
    kind: 'boolean',
    default: 'True',
    variable: 'HAPROXY_RUNTIME_WRITE',
    restart: true,
    help: 'Whether the runtime API may change anything; False: it only tells.',
  },
} as const satisfies Readonly<Record<string, OptionFacts>>;
