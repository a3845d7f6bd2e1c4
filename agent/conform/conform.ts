// `amphorad conform`: runs the contracts of both amphora APIs against an agent, over mTLS, from outside. It makes only
// what has ids of its own, and removes it. Source: docs/conformance.md.

import { X509Certificate } from 'node:crypto';
import { readSocketAddress } from '../config/value-address';
import type { Clock } from '../host/clock';
import type { Files } from '../host/files';
import type { HttpsClient, HttpsTarget } from '../host/https';
import type { Udp } from '../host/sockets';
import { AgentError, invalidInput } from '../model/errors';
import { isPlainId } from '../model/ids';
import { createBench, type Bench } from './bench';
import { get, type Access, type Dialect } from './case';
import { makeClients } from './clients';
import { groups } from './groups';
import { receiveHeartbeats, type Heartbeats } from './heartbeats';
import { isConform, summaryJson, summaryText, tableHead, tableRow } from './report';
import { runDialect, type Report } from './run';
import { makePems, makeScene, type Place, type Scene } from './scene';

export interface ConformOptions {
  readonly url: string;
  readonly certFile: string;
  /** The file with the key; the certificate's own unless given. */
  readonly keyFile: string | undefined;
  readonly caFile: string;
  readonly amphoraId: string | undefined;
  readonly dialects: readonly Dialect[];
  readonly json: boolean;
  readonly only: string | undefined;
  readonly keepGoing: boolean;
  readonly allowChanges: boolean;
  readonly rotateFile: string | undefined;
  readonly configFile: string | undefined;
  readonly sparePort: string | undefined;
  readonly basePath: string;
  readonly certDirectory: string | undefined;
  readonly namespace: string;
  readonly listen: string | undefined;
  readonly heartbeatKeyFile: string | undefined;
  readonly heartbeatWaitS: number;
}

export interface ConformDeps {
  readonly https: HttpsClient;
  readonly files: Files;
  readonly clock: Clock;
  readonly udp: Udp;
  readonly print: (text: string) => void;
  /** Ends it after the case that is under way. */
  readonly signal: AbortSignal;
}

/** Runs the contracts; resolves with the exit status: 0 when all that applies passes, else 1. Throws `invalid-input` for options that do not fit, `unavailable`, `unauthorized` or `timeout` when the agent cannot be reached. */
export async function runConform(options: ConformOptions, deps: ConformDeps): Promise<number> {
  const { target, controller } = await targetOf(options, deps.files);
  const clients = await makeClients(controller, target.caPem, deps.clock.now());
  const bench = createBench({ https: deps.https, target, clients });
  const amphoraId = await meet(bench, options);
  const scene = makeScene(placeOf(options, amphoraId), {
    serverBundle: await optional(options.rotateFile, deps.files),
    agentConfig: await optional(options.configFile, deps.files),
  });
  const only = patternOf(options.only);
  const allowed = allowedBy(options);
  const pems = allowed.size > 1 ? await makePems(deps.clock.now()) : scene.pems;
  const heartbeats = await heartbeatsOf(options, deps);
  const reports: Report[] = [];
  if (!options.json) deps.print(tableHead);
  try {
    for (const dialect of options.dialects) {
      if (!options.keepGoing && hasFailed(reports)) break;
      reports.push(
        await runDialect(
          dialect,
          groups,
          { ...withOwnIds(scene), pems },
          {
            bench,
            clock: deps.clock,
            heartbeats,
            allowed,
            only,
            keepGoing: options.keepGoing,
            signal: deps.signal,
            told: (row) => options.json || deps.print(tableRow(row)),
          },
        ),
      );
    }
  } finally {
    await heartbeats?.close();
  }
  if (only !== undefined && reports.every(({ rows, leftOut }) => rows.length + leftOut.length === 0))
    throw invalidInput('--only', 'no case is of this name');
  const isWhole = !deps.signal.aborted;
  deps.print(options.json ? summaryJson(reports, isWhole) : summaryText(reports, isWhole));
  return isConform(reports, isWhole) ? 0 : 1;
}

function hasFailed(reports: readonly Report[]): boolean {
  return reports.some(({ rows }) => rows.some(({ verdict }) => verdict === 'fail'));
}

/** Each dialect owns what it makes: they share no id. */
function withOwnIds({ place, serverBundle, agentConfig }: Scene): Scene {
  return makeScene(place, { serverBundle, agentConfig });
}

async function targetOf(options: ConformOptions, files: Files) {
  const url = URL.canParse(options.url) ? new URL(options.url) : undefined;
  if (url?.protocol !== 'https:' || url.pathname !== '/')
    throw invalidInput('--url', 'expected https://HOST:PORT');
  const certificatePem = await required('--cert', options.certFile, files);
  const keyPem =
    options.keyFile === undefined ? certificatePem : await required('--key', options.keyFile, files);
  const target: HttpsTarget = {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 443 : Number(url.port),
    caPem: await required('--ca', options.caFile, files),
    ...(options.amphoraId === undefined ? {} : { serverName: options.amphoraId }),
  };
  return { target, controller: { certificatePem, keyPem } };
}

/** Greets the agent, so that one that is not there is no list of failures; gives the id that its certificate has. */
async function meet(bench: Bench, { amphoraId }: ConformOptions): Promise<string> {
  const outcome = await bench.send(get('/')).catch((thrown: unknown) => {
    throw withHint(thrown);
  });
  if (outcome.kind === 'ended')
    throw new AgentError('unauthorized', 'the agent ended the connection', { detail: outcome.why });
  if (outcome.status === 401)
    throw new AgentError('unauthorized', 'the agent refuses this client certificate');
  const id = amphoraId ?? commonNameOf(outcome.certificatePem);
  if (isPlainId(id)) return id;
  throw invalidInput('--amphora-id', 'needed: the agent’s certificate has no id for its common name');
}

function withHint(thrown: unknown): unknown {
  if (!(thrown instanceof AgentError) || thrown.kind !== 'unauthorized') return thrown;
  const hint = 'with --amphora-id ID its certificate must have that name, whatever its address';
  return new AgentError(thrown.kind, thrown.message, {
    detail: `${thrown.detail ?? ''}; ${hint}`,
    cause: thrown,
  });
}

function commonNameOf(certificatePem: string): string {
  if (certificatePem === '') return '';
  return /^CN=(.+)$/m.exec(new X509Certificate(certificatePem).subject)?.[1] ?? '';
}

function placeOf(options: ConformOptions, amphoraId: string): Place {
  const { basePath, certDirectory = `${basePath}/certs`, namespace, sparePort } = options;
  return { amphoraId, basePath, certDirectory, namespace, sparePort };
}

function allowedBy(options: ConformOptions): ReadonlySet<Access> {
  const { allowChanges, sparePort, rotateFile, configFile } = options;
  const isGiven: readonly (readonly [Access, boolean])[] = [
    ['read', true],
    ['changes', allowChanges],
    ['network', sparePort !== undefined],
    ['rotate', rotateFile !== undefined],
    ['replace-config', configFile !== undefined],
  ];
  return new Set(isGiven.filter(([, given]) => given).map(([access]) => access));
}

function patternOf(text: string | undefined): RegExp | undefined {
  if (text === undefined) return undefined;
  try {
    return new RegExp(text);
  } catch (cause) {
    throw new AgentError('invalid-input', '--only: expected a regular expression', { cause });
  }
}

async function heartbeatsOf(options: ConformOptions, deps: ConformDeps): Promise<Heartbeats | undefined> {
  const { listen, heartbeatKeyFile, heartbeatWaitS } = options;
  if (listen === undefined && heartbeatKeyFile === undefined) return undefined;
  const at = readSocketAddress(listen ?? '');
  if (at === undefined || heartbeatKeyFile === undefined)
    throw invalidInput('--listen', 'expected ADDRESS:PORT, and --heartbeat-key-file beside it');
  const key = (await required('--heartbeat-key-file', heartbeatKeyFile, deps.files)).replace(/\r?\n$/, '');
  if (key === '') throw invalidInput('--heartbeat-key-file', `${heartbeatKeyFile} is empty`);
  return receiveHeartbeats(at, { ...deps, key, patienceMs: heartbeatWaitS * 1_000 });
}

async function optional(path: string | undefined, files: Files): Promise<string> {
  return path === undefined ? '' : required('file', path, files);
}

async function required(option: string, path: string, files: Files): Promise<string> {
  const text = await files.readHostText(path);
  if (text === undefined) throw invalidInput(option, `there is no file ${path}`);
  return text;
}
