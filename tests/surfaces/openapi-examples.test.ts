// The examples of the OpenAPI document that an agent serves, told as one story for each surface: every example's request is
// sent as it stands there, with a real haproxy and keepalived in a namespace of the test's own, and its answer has the
// status that the document says and a body of that schema. PEM texts and
// agent.conf are the test's own: those of the document are shortened.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { documentOf, tableRows } from '../../agent/boot/api-document';
import { startTestAgent, type TestAgent } from './kit/agent';
import type { Answer } from './kit/client';
import { makeServer } from './kit/pki';

const namespace = `amph-${process.pid}-api`;
const ip = (...args: readonly string[]): boolean => spawnSync('ip', args).status === 0;
const canRun =
  process.geteuid?.() === 0 && spawnSync('keepalived', ['-v']).status === 0 && ip('netns', 'add', namespace);
if (!canRun) process.stderr.write('skipped: no root, no keepalived or no namespaces, so no examples\n');
const whenItCan = canRun ? describe : describe.skip;

interface Content {
  readonly schema: object;
  readonly example?: unknown;
}
interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly example?: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, Content>>; readonly 'x-endless'?: true }>
  >;
  readonly 'x-surface': string;
  readonly 'x-example-status': number;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: object;
}

interface Step {
  readonly id: string;
  /** Sent instead of the example's body. */
  readonly body?: () => string | Promise<string>;
  /** True: it prepares what others are asked about, and is no example itself. */
  readonly prepares?: boolean;
  /** The parameters of the path that no document can know. */
  readonly path?: () => Readonly<Record<string, string>>;
  /** What a preparation gets. */
  readonly status?: number;
}

const serverPem = async (): Promise<string> => (await makeServer(amphora.pki.ca)).bundlePem;
const inOwnNamespace = (id: string) => () =>
  String(exampleBody(id)).replace('net_namespace amphora-haproxy', `net_namespace ${namespace}`);

/** The drain that was begun last: its answer says where it is followed. */
let operation = '';
const begun = () => ({ operation });
const beginDrain: Step = {
  id: 'postRuntimeAction',
  body: () => '{"action":"drain","wait":true}',
  prepares: true,
  status: 202,
};

/** In an order in which every example is what it says. */
const stories: Readonly<Record<string, readonly (string | Step)[]>> = {
  // First: a keepalived that has a configuration and is stopped leaves the agent not ready.
  monitoring: ['getMetrics', 'getLivez', 'getReadyz'],
  'octavia-v0.1': [
    'getInfo',
    'getV01Info',
    'getV01Details',
    'getV01Topology',
    'getV01Interface',
    { id: 'putV01Certificate', body: serverPem },
    { id: 'putV01CertificateOfPlural', body: serverPem },
    { id: 'putV01ListenerCertificate', body: serverPem },
    'getV01ListenerCertificate',
    'putV01ListenerConfig',
    'getV01ListenerConfig',
    'putV01ListenerAction',
    'listV01Listeners',
    'getV01Listener',
    'deleteV01ListenerCertificate',
    'deleteV01Listener',
    'plugV01Vip',
    'plugV01Network',
    'postV01Topology',
    'putV01VrrpConfig',
    'putV01VrrpAction',
  ],
  'octavia-v1.0': [
    'getV10Version',
    'getV10Info',
    'getV10Details',
    'getV10Interface',
    { id: 'putV10Certificate', body: serverPem },
    'putV10Certificates',
    'getV10Certificates',
    'putV10LoadBalancerConfig',
    'getV10LoadBalancerConfig',
    'putV10LoadBalancerAction',
    'listV10Listeners',
    'deleteV10Certificates',
    'deleteV10Listener',
    { id: 'putV10UdpListenerConfig', body: inOwnNamespace('putV10UdpListenerConfig') },
    'getV10UdpListenerConfig',
    'plugV10Vip',
    'plugV10Network',
    'putV10InterfaceRules',
    'putV10VrrpConfig',
    'putV10VrrpAction',
    { id: 'putV10Config', body: () => readFileSync(join(amphora.directory, 'agent.conf'), 'utf8') },
  ],
  'runtime-v1': [
    { id: 'putV01ListenerConfig', prepares: true },
    { id: 'putV01ListenerAction', prepares: true },
    'listRuntimeBackends',
    'listRuntimeBackendsOfInstance',
    'listRuntimeServers',
    'listRuntimeServersOfInstance',
    'getRuntimeServer',
    'getRuntimeServerOfInstance',
    'putRuntimeWeight',
    'putRuntimeWeightOfInstance',
    'putRuntimeHealth',
    'putRuntimeHealthOfInstance',
    'addRuntimeServer',
    'removeRuntimeServer',
    'addRuntimeServerOfInstance',
    'removeRuntimeServerOfInstance',
    'postRuntimeAction',
    'postRuntimeActionOfInstance',
    beginDrain,
    { id: 'getRuntimeOperation', path: begun },
    { id: 'getRuntimeOperationOfInstance', path: begun },
    { id: 'deleteRuntimeOperation', path: begun },
    beginDrain,
    { id: 'deleteRuntimeOperationOfInstance', path: begun },
    'postRuntimeBulkAction',
    'postRuntimeBulkActionOfInstance',
    'listRuntimeInstances',
    'getRuntimeInfo',
    'getRuntimeInfoOfInstance',
    'getRuntimeStats',
    'getRuntimeStatsOfInstance',
    // Nothing listens where the example's members are.
    { id: 'putRuntimeHealth', body: () => '{"force":"up"}', prepares: true },
    'getRuntimeHealth',
    'getRuntimeHealthOfInstance',
    'streamRuntimeEvents',
    'streamRuntimeEventsOfInstance',
    { id: 'deleteV01Listener', prepares: true },
  ],
  openapi: ['getOpenapi'],
};

let amphora: TestAgent;
let document: Document;
let compile: (schema: object) => ValidateFunction;

beforeAll(async () => {
  if (!canRun) return;
  ip('-n', namespace, 'link', 'add', 'eth1', 'type', 'veth', 'peer', 'name', 'other');
  ip('-n', namespace, 'addr', 'add', '192.168.50.11/24', 'dev', 'eth1');
  for (const name of ['lo', 'eth1', 'other']) ip('-n', namespace, 'link', 'set', name, 'up');
  amphora = await startTestAgent({ amphorad: `network_namespace = ${namespace}` });
  document = (await amphora.client.get('/openapi.json')).json() as Document;
  const ajv = new Ajv2020({ strict: false });
  addFormats(ajv);
  ajv.addSchema({ $id: 'openapi', components: document.components });
  compile = (schema) =>
    ajv.compile(
      JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"openapi#/components')) as object,
    );
});

afterAll(async () => {
  if (!canRun) return;
  await amphora.stop();
  ip('netns', 'del', namespace);
});

function found(id: string) {
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const row = all.find(({ operation }) => operation.operationId === id);
  if (row === undefined) throw new Error(`${id}: no such operation`);
  return row;
}

const contentOf = (content: Readonly<Record<string, Content>> | undefined) =>
  Object.entries(content ?? {})[0];

function exampleBody(id: string): string | undefined {
  const [mediaType, content] = contentOf(found(id).operation.requestBody?.content) ?? [];
  if (content === undefined) return undefined;
  return mediaType === 'application/json' ? JSON.stringify(content.example) : String(content.example);
}

const isEndless = ({ responses }: Operation): boolean =>
  Object.values(responses).some((response) => response['x-endless'] === true);

/** Reads the first bytes of an answer that does not end, and leaves. */
function beginningOf(path: string): Promise<Pick<Answer, 'status' | 'headers' | 'text' | 'json'>> {
  const { ca, client } = amphora.pki;
  return new Promise((resolve, reject) => {
    const options = { ca: ca.certificatePem, key: client.keyPem, cert: client.certificatePem };
    get({ host: '127.0.0.1', port: amphora.agent.port, path, ...options }, (response) => {
      response.once('data', (chunk: Buffer) => {
        const { statusCode: status = 0, headers } = response;
        response.destroy();
        resolve({ status, headers, text: chunk.toString('utf8'), json: () => undefined });
      });
    }).once('error', reject);
  });
}

/** Sends the request of an example. */
async function send({ id, body = () => exampleBody(id) ?? '', path: known = () => ({}) }: Step) {
  const { path, method, operation } = found(id);
  const given = (place: string) =>
    (operation.parameters ?? []).filter((each) => each.in === place && each.example !== undefined);
  const filled = given('path').reduce(
    (before, { name, example = '' }) =>
      before.replace(`{${name}}`, encodeURIComponent(known()[name] ?? example)),
    path,
  );
  const query = new URLSearchParams(
    Object.fromEntries(given('query').map(({ name, example = '' }) => [name, example])),
  ).toString();
  const [mediaType] = contentOf(operation.requestBody?.content) ?? [];
  if (isEndless(operation)) return beginningOf(filled);
  return amphora.client.call(method, query === '' ? filled : `${filled}?${query}`, {
    headers: {
      ...Object.fromEntries(given('header').map(({ name, example = '' }) => [name, example])),
      ...(mediaType === undefined ? {} : { 'Content-Type': mediaType }),
    },
    ...(mediaType === undefined ? {} : { body: await body() }),
  });
}

whenItCan('GET /openapi.json', () => {
  it('200: the document of every surface, as the tables of rows have it', async () => {
    const answer = await amphora.client.get('/openapi.json');
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json']);
    expect(answer.json()).toEqual(JSON.parse(JSON.stringify(documentOf(tableRows()))));
  });

  it('405 with Allow: another method', async () => {
    const answer = await amphora.client.put('/openapi.json');
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD']);
  });

  it('has an example in a story here for each of its operations', () => {
    const told = Object.entries(stories).flatMap(([surface, steps]) =>
      steps
        .filter((step) => typeof step === 'string' || step.prepares !== true)
        .map((step) => `${surface} ${typeof step === 'string' ? step : step.id}`),
    );
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    const wanted = operations.map((each) => `${each['x-surface']} ${each.operationId}`);
    expect(told.sort()).toEqual(wanted.sort());
  });
});

whenItCan.each(Object.entries(stories))('the examples of %s', (_surface, steps) => {
  it.each(steps.map((step) => (typeof step === 'string' ? { id: step } : step)))(
    'are answered as they say: $id',
    async (step) => {
      const { operation: described } = found(step.id);
      const status = step.status ?? described['x-example-status'];
      const answer = await send(step);
      operation = answer.headers.location?.split('/').at(-1) ?? operation;
      expect([step.id, answer.status, answer.text]).toEqual([step.id, status, answer.text]);
      const [mediaType, content] = contentOf(described.responses[String(status)]?.content) ?? [];
      expect(String(answer.headers['content-type']).split(';')[0]).toBe(mediaType);
      const isValid = compile(content?.schema ?? {});
      isValid(mediaType === 'application/json' ? answer.json() : answer.text);
      expect([answer.text, isValid.errors]).toEqual([answer.text, null]);
    },
  );
});
