// Builds the runtime API: its instances and verbs, its router for any listener, and the listener of its own.

import type { Router } from 'express';
import type { SocketAddress } from '../config/option';
import type { Config } from '../config/options';
import { createInstances, type Instances } from '../core/runtime/instances';
import { createRuntimeServers, type RuntimeServers } from '../core/runtime/servers';
import { createPlainApp } from '../http/plain-app';
import { createPlainServer } from '../http/plain-server';
import type { RouteContext } from '../http/route';
import { createUploads } from '../http/uploads';
import { AgentError, invalidInput } from '../model/errors';
import type { Finding } from '../model/finding';
import {
  defaultInstance,
  isAddress,
  readAddress,
  readInstances,
  type OfferedInstance,
} from '../model/haproxy-address';
import { createRuntimeV1 } from '../surfaces/runtime-v1';
import { createDoor } from '../surfaces/runtime-v1/door';
import type { Part } from './lifecycle';
import type { AgentHost, HostWithLog } from './wire-host';
import type { Core } from './wire-core';
import { wireRuntimeExtras } from './wire-runtime-extras';

export interface RuntimeApi {
  readonly instances: Instances;
  readonly servers: RuntimeServers;
  /** A router over the same instances, for one more listener; who may call is that listener's to ask. */
  createRouter(mounted?: RouteContext['mounted']): Router;
  /** The listener of its own; none unless it is configured. */
  readonly parts: readonly Part[];
  /** What goes on behind answered requests; stopped before any listener. */
  readonly streams: Part;
  /** Where the listener of its own is bound; undefined without one. */
  bound(): { readonly address: string; readonly port: number } | undefined;
}

const longestBody = 65_536;
const bodiesAtOnce = 64;
const answerGraceMs = 1_000;

/** Builds it. Throws `invalid-input` for a token that cannot be used. */
export async function wireRuntime(
  config: Config,
  core: Pick<Core, 'roots' | 'loadBalancers' | 'findings' | 'lastingServers'>,
  host: HostWithLog & AgentHost,
): Promise<RuntimeApi> {
  const { runtime_api: own } = config;
  const offered = offeredBy(own);
  const malformed = offered.filter(({ address }) => !isAddress(address));
  for (const { name, address } of malformed) {
    host.log.warning('the address of a haproxy instance is none', { instance: name, error: saidOf(address) });
  }
  core.findings.add('runtime API', () => Promise.resolve(malformed.map(findingOf)));
  const token = await tokenOf(own, host);
  const instances = createInstances({ ...host, ...core, offered, timeoutMs: own.timeout * 1_000 });
  const servers = createRuntimeServers(instances);
  const extras = wireRuntimeExtras(core, host, { instances, servers });
  const context: RouteContext = {
    limits: { config: longestBody, pem: longestBody, json: longestBody },
    log: host.log,
    uploads: createUploads(host.clock, bodiesAtOnce * longestBody),
    refuseChange: () => (own.write ? undefined : new AgentError('forbidden', 'only reading is allowed')),
  };
  const createRouter: RuntimeApi['createRouter'] = (mounted) =>
    createRuntimeV1(
      { servers, ...extras.verbs, language: own.language },
      { ...context, ...(mounted === undefined ? {} : { mounted }) },
    );
  let bound: { address: string; port: number } | undefined;
  const listen = async (at: SocketAddress, server: ReturnType<typeof createPlainServer>): Promise<void> => {
    const address = at.zone === undefined ? at.address : `${at.address}%${at.zone}`;
    bound = { address, port: await server.listen(address, at.port) };
    host.log.info('runtime API listening', bound);
  };
  const partOf = (at: SocketAddress): Part => {
    const refuse = createDoor(token, own.language);
    const server = createPlainServer(
      createPlainApp({ ...host, caller: 'runtime', dialects: [createRouter()], refuse }),
    );
    return {
      name: 'runtime API listener',
      stopMs: answerGraceMs + 500,
      start: () => listen(at, server),
      stop: () => server.stop(answerGraceMs),
    };
  };
  return {
    instances,
    servers,
    createRouter,
    parts: own.bind === undefined ? [] : [partOf(own.bind)],
    streams: extras.part,
    bound: () => bound,
  };
}

function offeredBy({ instances, socket_path: path }: Config['runtime_api']): readonly OfferedInstance[] {
  const offered = readInstances(instances);
  if (!offered.ok) throw invalidInput('[runtime_api] instances', offered.problem);
  if (offered.instances.length > 0 || path === undefined) return offered.instances;
  return [{ name: defaultInstance, address: readAddress(path.trim()) }];
}

async function tokenOf(
  { auth_token: given, auth_token_file: path }: Config['runtime_api'],
  { files }: HostWithLog,
): Promise<string | undefined> {
  if (path === undefined && given === undefined) return undefined;
  const token = (path === undefined ? given : await files.readHostText(path))?.trim();
  const place = path ?? '[runtime_api] auth_token';
  if (token === undefined) throw invalidInput('no token for the runtime API', `${place} does not exist`);
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw invalidInput('no token for the runtime API', `${place}: expected one word of printable ASCII`);
}

function saidOf(address: OfferedInstance['address']): string {
  return isAddress(address) ? '' : address.said;
}

function findingOf({ name, address }: OfferedInstance): Finding {
  return {
    check: 'runtime-instances',
    severity: 'warning',
    what: `The address of the haproxy instance ${name} is none: ${saidOf(address)}.`,
    why: 'Every request to it over the runtime API is answered with 503.',
    todo: 'Correct it in [runtime_api] instances (HAPROXY_INSTANCES) and restart the agent.',
  };
}
