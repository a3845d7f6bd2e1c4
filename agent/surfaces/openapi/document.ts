// Joins rows and their descriptions into one OpenAPI document. The rows are those that the routers are made of: what is
// not mounted is not in it, and a row that nobody describes is a bug. Source: OpenAPI 3.1.1.

import type { Answer, Answers, Operation, Parameter, Schema, SurfaceApi } from '../../http/operation';
import type { Route } from '../../http/route';
import { internal } from '../../model/errors';
import { asSchema2020 } from './schema';

export type Row = Pick<Route, 'method' | 'path' | 'body'>;

export interface DocumentSource {
  readonly version: string;
  readonly surfaces: readonly SurfaceApi[];
  readonly rows: readonly Row[];
}

type Json = Readonly<Record<string, unknown>>;

export interface ApiDocument {
  readonly openapi: string;
  readonly info: Json;
  readonly tags: readonly Json[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly components: Json;
}

const description = `What an amphora can be asked, in every dialect that it speaks. JSON over HTTPS with a client certificate.

\`HEAD\` works where \`GET\` does. Every answer has \`X-Request-Id\`; the access log has the same id. Uploads that are too
long, requests that are no HTTP, and a machine in trouble (503, 504, 507) are told of in the pages of each dialect.`;

/** Builds the document. Throws `internal` for a row without a description, or whose description takes another body than it reads. */
export function buildDocument({ version, surfaces, rows }: DocumentSource): ApiDocument {
  const described = rows.map((row) => describedRow(row, surfaces));
  const mounted = surfaces.filter((surface) => described.some((each) => each.surface === surface));
  const paths: Record<string, Record<string, Json>> = {};
  for (const { row, operation, surface } of described) {
    const methods = (paths[templateOf(row.path)] ??= {});
    methods[row.method.toLowerCase()] = operationOf(row, operation, surface);
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'amphorad',
      version,
      description,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    tags: mounted.flatMap(tagsOf),
    paths,
    components: {
      securitySchemes: {
        clientCertificate: { type: 'mutualTLS', description: 'Chains to `agent_server_ca`.' },
        token: { type: 'http', scheme: 'bearer', description: '`[runtime_api] auth_token`.' },
      },
      schemas: schemasOf(mounted),
    },
  };
}

interface DescribedRow {
  readonly row: Row;
  readonly operation: Operation;
  readonly surface: SurfaceApi;
}

function describedRow(row: Row, surfaces: readonly SurfaceApi[]): DescribedRow {
  const key = `${row.method} ${row.path}`;
  const surface = surfaces.find(({ operations }) => Object.hasOwn(operations, key));
  const operation = surface?.operations[key];
  if (surface === undefined || operation === undefined) throw internal(`${key}: nobody describes it`);
  const takesBody = operation.body !== undefined;
  if (takesBody !== (row.body !== 'none'))
    throw internal(`${key}: described with another body than it reads`);
  return { row, operation, surface };
}

const tagOf = (surface: SurfaceApi, tag: string): string => `${surface.title}: ${tag}`;

function tagsOf(surface: SurfaceApi): readonly Json[] {
  return Object.entries(surface.tags).map(([name, text], index) => ({
    name: tagOf(surface, name),
    description: index === 0 ? `${surface.description}\n\n${text}` : text,
  }));
}

function schemasOf(surfaces: readonly SurfaceApi[]): Json {
  const all = surfaces.flatMap(({ schemas }) => Object.entries(schemas));
  return Object.fromEntries(all.map(([name, schema]) => [name, asSchema2020(schema)]));
}

/** `/a/:b` as OpenAPI writes it: `/a/{b}`. */
export function templateOf(path: string): string {
  return path.replace(/:(\w+)/g, '{$1}');
}

function operationOf(row: Row, operation: Operation, surface: SurfaceApi): Json {
  const { id, tag, summary, body } = operation;
  const shared = { ...surface.commonAnswers, ...(row.method === 'GET' ? {} : surface.changeAnswers) };
  const parameters = parametersOf(operation);
  return {
    operationId: id,
    tags: [tagOf(surface, tag)],
    summary,
    ...(operation.description === undefined ? {} : { description: operation.description }),
    security: [{ clientCertificate: [] }, ...otherSecurity(surface)],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: requestBodyOf(row, body) }),
    responses: {
      ...responsesOf(shared, { 'x-every-row': true }),
      ...responsesOf(operation.answers, {}),
    },
    'x-surface': surface.name,
    'x-example-status': exampleStatusOf(operation),
  };
}

/** Tells the status that the request of the example gets. */
export function exampleStatusOf({ exampleStatus, answers }: Operation): number {
  return exampleStatus ?? Math.min(...Object.keys(answers).map(Number));
}

function otherSecurity({ otherSecurity: other }: SurfaceApi): readonly Json[] {
  if (other === undefined) return [];
  return [other === 'bearer' ? { token: [] } : {}];
}

function parametersOf({ path = {}, query = {}, headers = {} }: Operation): readonly Json[] {
  const listed = (place: string, parameters: Readonly<Record<string, Parameter>>): readonly Json[] =>
    Object.entries(parameters).map(([name, parameter]) => ({
      name,
      in: place,
      ...(place === 'path' ? { required: true } : {}),
      description: parameter.description,
      schema: asSchema2020(parameter.schema),
      ...(parameter.example === undefined ? {} : { example: parameter.example }),
    }));
  return [...listed('path', path), ...listed('query', query), ...listed('header', headers)];
}

const textSchema: Schema = { type: 'string' };

function requestBodyOf(row: Row, body: NonNullable<Operation['body']>): Json {
  return {
    ...(body.description === undefined ? {} : { description: body.description }),
    required: body.optional !== true,
    content: { [body.mediaType]: { schema: asSchema2020(body.schema ?? textSchema), example: body.example } },
    'x-limit': `max_${row.body}_bytes`,
  };
}

function responsesOf(answers: Answers, mark: Json): Json {
  return Object.fromEntries(
    Object.entries(answers).map(([status, answer]) => [status, { ...responseOf(answer), ...mark }]),
  );
}

function examplesOf({ example, otherExamples }: Answer): Json {
  if (example === undefined) return {};
  if (otherExamples === undefined) return { example };
  const all = [example, ...otherExamples];
  return { examples: Object.fromEntries(all.map((value, index) => [`${index + 1}`, { value }])) };
}

function responseOf(answer: Answer): Json {
  const { mediaType = 'application/json', schema, headers, endless } = answer;
  const isBare = answer.mediaType === undefined && schema === undefined;
  return {
    description: answer.description,
    ...(headers === undefined
      ? {}
      : {
          headers: Object.fromEntries(
            Object.entries(headers).map(([name, text]) => [name, { description: text, schema: textSchema }]),
          ),
        }),
    ...(isBare
      ? {}
      : {
          content: {
            [mediaType]: {
              schema: asSchema2020(schema ?? textSchema),
              ...examplesOf(answer),
            },
          },
        }),
    ...(endless === true ? { 'x-endless': true } : {}),
  };
}
