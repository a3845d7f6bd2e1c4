// The plan of the house: every room, what it may import, and why. Rooms that are not built yet are in it already.

export interface Room {
  readonly floor: number;
  /** Rooms it may import from, beside itself. */
  readonly rooms: readonly string[];
  /** `node:` modules and npm packages it may import; `*`: whatever it needs. */
  readonly outside: readonly string[] | '*';
  /** What is wrong when it imports anything else. */
  readonly reason: string;
}

const trade =
  'a trade knows one program and speaks to it through the seams of host/; only boot/ joins trades';
const dialect =
  'a dialect translates and nothing else: it reaches the core, never another dialect or a trade';
const pure = ['node:crypto', 'node:path'];
const trades = ['haproxy', 'keepalived', 'network', 'supervisor', 'pki'];

const wholeAgent = [
  ...trades,
  'config',
  'core',
  'http',
  'surfaces',
  'heartbeat',
  'cli',
  'conform',
  'client',
  'host',
  'host/node',
  'model',
  'generated',
];

function tradeRoom(more: readonly string[] = []): Room {
  return { floor: 2, rooms: ['host', 'model', ...more], outside: pure, reason: trade };
}

function dialectRoom(): Room {
  return { floor: 5, rooms: ['http', 'core', 'model', 'generated'], outside: [], reason: dialect };
}

export const rooms: Readonly<Record<string, Room>> = {
  model: { floor: 0, rooms: [], outside: [], reason: 'the ground floor is pure data and imports nothing' },
  generated: { floor: 0, rooms: [], outside: '*', reason: 'generated code stands alone' },
  host: {
    floor: 1,
    rooms: ['model'],
    outside: [],
    reason: 'the seams are interfaces: nothing real is behind them here',
  },
  'host/node': {
    floor: 1,
    rooms: ['host', 'model'],
    outside: '*',
    reason: 'the real host knows the machine, not what is done with it',
  },
  client: {
    floor: 1,
    rooms: ['generated'],
    outside: [],
    reason: 'the client is made of the API description alone and knows no transport: whoever makes it sends',
  },
  haproxy: tradeRoom(['supervisor']),
  keepalived: tradeRoom(['supervisor']),
  network: tradeRoom(),
  supervisor: tradeRoom(),
  pki: tradeRoom(),
  config: tradeRoom(),
  core: {
    floor: 3,
    rooms: [...trades, 'host', 'model', 'generated'],
    outside: pure,
    reason: 'the core knows no wire, no real host and no configuration file: it gets the few values it needs',
  },
  http: {
    floor: 4,
    rooms: ['core', 'host', 'model'],
    outside: [
      'express',
      'helmet',
      'node:http',
      'node:https',
      'node:tls',
      'node:net',
      'node:crypto',
      'node:stream',
    ],
    reason: 'the HTTP floor serves whatever dialect is mounted on it',
  },
  'surfaces/octavia-v0.1': dialectRoom(),
  'surfaces/octavia-v1.0': dialectRoom(),
  'surfaces/runtime-v1': dialectRoom(),
  'surfaces/dataplane-v3': dialectRoom(),
  'surfaces/modaclouds-v1': dialectRoom(),
  'surfaces/monitoring': dialectRoom(),
  'surfaces/openapi': dialectRoom(),
  'surfaces/local': dialectRoom(),
  heartbeat: { floor: 5, rooms: ['core', 'host', 'model'], outside: [], reason: dialect },
  boot: {
    floor: 6,
    rooms: wholeAgent,
    outside: '*',
    reason: 'boot builds the agent; harnesses and companions stand beside it',
  },
  cli: {
    floor: 6,
    rooms: ['config', 'host', 'model', 'generated', 'client'],
    outside: pure,
    reason: 'a command talks to the running agent over its local socket: it needs no part of it',
  },
  conform: {
    floor: 6,
    rooms: ['config', 'heartbeat', 'pki', 'host', 'model', 'generated'],
    outside: pure,
    reason:
      'the conformance kit sees an agent from outside, over the wire: what it needs of one it has over seams',
  },
  testing: {
    floor: 6,
    rooms: [...wholeAgent, 'boot'],
    outside: '*',
    reason: 'the harness kit stands on the whole agent',
  },
  companions: {
    floor: 6,
    rooms: ['model'],
    outside: [
      'node:http',
      'node:os',
      'node:fs/promises',
      'node:stream',
      'node:stream/promises',
      'node:string_decoder',
    ],
    reason: 'companions are programs that stand alone: they run without the agent, and it without them',
  },
};

/** What single files may import beyond their room: file (or prefix ending in `/`) → rooms and packages. */
export const exceptions: readonly {
  readonly file: RegExp;
  readonly allows: readonly string[];
  readonly reason: string;
}[] = [
  {
    file: /^pki\/(issue|pkcs12)\.ts$/,
    allows: ['node-forge'],
    reason: 'forge issues and never reads what came from outside',
  },
  { file: /^http\/metrics\.ts$/, allows: ['prom-client'], reason: 'metrics are written in one place' },
  { file: /^core\/agent-config\.ts$/, allows: ['config'], reason: 'the core verb on agent.conf' },
  {
    file: /^heartbeat\/codec\.ts$/,
    allows: ['node:zlib', 'node:crypto'],
    reason: 'the envelope is deflate and HMAC',
  },
  { file: /^cli\/certs\.ts$/, allows: ['pki'], reason: 'this command issues certificates itself' },
  {
    file: /^cli\/doctor\/(certificates|directories)\.ts$/,
    allows: ['pki', 'haproxy'],
    reason: 'the doctor holds bundles and path lengths against the rules of the agent itself',
  },
  {
    file: /^cli\/doctor\/network\.ts$/,
    allows: ['network'],
    reason: 'the doctor holds interfaces against the planner of the agent itself',
  },
  {
    file: /^cli\/(vrrp|doctor\/vrrp)\.ts$/,
    allows: ['keepalived'],
    reason: 'these commands judge and print configurations of keepalived by the rules of the agent itself',
  },
  {
    file: /^cli\/doctor\/pair\.ts$/,
    allows: ['keepalived', 'network'],
    reason: 'the doctor holds a pair against the linter and the addresses against what others answer',
  },
  {
    file: /^cli\/doctor\/processes\.ts$/,
    allows: ['haproxy', 'network'],
    reason: 'the doctor looks at processes and ports by the paths and binds of the agent itself',
  },
  {
    file: /^cli\/doctor\/leftovers\.ts$/,
    allows: ['core'],
    reason: 'the doctor takes away what the agent itself would at its start, under the agent’s own lock',
  },
  {
    file: /^boot\/wire-fake-haproxy\.ts$/,
    allows: ['testing'],
    reason: '--fake-haproxy puts the host of the harness kit under the agent, loaded only then',
  },
  { file: /^cli\/monitor\.ts$/, allows: ['heartbeat'], reason: 'this command decodes heartbeats' },
];

/** Packages that cost start-up time and memory, so they are loaded on first use: only by `await import()`. */
export const lazyPackages: readonly string[] = [
  'node-forge',
  'systeminformation',
  'prom-client',
  'handlebars',
  'ajv',
];

export const longestFile = 250;
export const forbiddenNames: readonly string[] = ['utils', 'helpers', 'common', 'misc', 'types'];
