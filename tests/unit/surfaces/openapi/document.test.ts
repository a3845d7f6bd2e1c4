// The description of all surfaces, as what it says of itself: whole, valid, and in agreement with the tables of rows.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { documentOf, surfaceApis, tableRows } from '../../../../agent/boot/api-document';
import { buildDocument, templateOf } from '../../../../agent/surfaces/openapi/document';
import { asSchema2020 } from '../../../../agent/surfaces/openapi/schema';

const root = join(__dirname, '..', '..', '..', '..');
const rows = tableRows();
const document = documentOf(rows);
const operations = surfaceApis.flatMap(({ operations: each }) => Object.entries(each));

interface Content {
  readonly schema: object;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}
type Contents = Readonly<Record<string, Content>>;
interface Described {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly (Content & { readonly in: string; readonly name: string })[];
  readonly requestBody?: { readonly content: Contents };
  readonly responses: Readonly<Record<string, { readonly content?: Contents }>>;
}

const described = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    row: `${method.toUpperCase()} ${path}`,
    path,
    operation: operation as unknown as Described,
  })),
);

function validator() {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
  addFormats(ajv);
  ajv.addKeyword('components');
  // Its references lead from the root of the document.
  ajv.addSchema({ $id: 'openapi', components: document.components }, undefined, undefined, false);
  return ajv;
}

const pointed = (schema: object): object =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"openapi#/components')) as object;

describe('the OpenAPI document', () => {
  it('describes every row of every router, and nothing else', () => {
    const known = rows.map(({ method, path }) => `${method} ${path}`);
    expect(known.length).toBeGreaterThan(40);
    expect(operations.map(([row]) => row).sort()).toEqual([...known].sort());
    expect(described.map(({ row }) => row).sort()).toEqual(known.map(templateOf).sort());
  });

  it('is valid by the schema of OpenAPI 3.1 itself', () => {
    const schema = JSON.parse(
      readFileSync(join(root, 'tests', 'fixtures', 'openapi-3.1', 'schema.json'), 'utf8'),
    ) as object;
    const ajv = new Ajv2020({ strict: false, allErrors: true, logger: false });
    addFormats(ajv);
    const isValid = ajv.compile(schema);
    isValid(JSON.parse(JSON.stringify(document)));
    expect(isValid.errors).toBeNull();
    isValid({ ...document, paths: { 'no slash': {} } });
    expect(isValid.errors).not.toBeNull();
  });

  it('has an id of its own for every operation, and tags that it explains', () => {
    const ids = described.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !/^[a-z][A-Za-z0-9]*$/.test(id))).toEqual([]);
    const tags = document.tags.map(({ name }) => name);
    expect(new Set(tags).size).toBe(tags.length);
    expect(new Set(described.flatMap(({ operation }) => operation.tags))).toEqual(new Set(tags));
  });

  it('has the parameters of each path, with an example each', () => {
    for (const { row, path, operation } of described) {
      const inPath = (operation.parameters ?? []).filter(({ in: place }) => place === 'path');
      const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect([row, inPath.map(({ name }) => name).sort()]).toEqual([row, wanted.sort()]);
      expect([row, inPath.filter(({ example }) => example === undefined)]).toEqual([row, []]);
    }
  });

  it('has schemas that are JSON Schema 2020-12, and examples that match them', () => {
    const ajv = validator();
    const check = (where: string, { schema, example, examples = {} }: Content): void => {
      const isValid = ajv.compile(pointed(schema));
      const all = [example, ...Object.values(examples).map(({ value }) => value)];
      for (const value of all.filter((each) => each !== undefined)) {
        isValid(value);
        expect([where, value, isValid.errors]).toEqual([where, value, null]);
      }
    };
    for (const { row, operation } of described) {
      for (const parameter of operation.parameters ?? []) check(`${row} ${parameter.name}`, parameter);
      const contents = [
        ['body', operation.requestBody?.content ?? {}] as const,
        ...Object.entries(operation.responses).map(
          ([status, { content = {} }]) => [status, content] as const,
        ),
      ];
      for (const [what, content] of contents) {
        for (const each of Object.values(content)) check(`${row} ${what}`, each);
      }
    }
    expect(ajv.getSchema('openapi#/components/schemas/V01Details')).toBeDefined();
  });

  it('explains every schema that it has, and has every one that is named', () => {
    const text = JSON.stringify(document);
    const named = new Set([...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name));
    const { schemas } = document.components as { readonly schemas: object };
    expect([...named].sort()).toEqual(Object.keys(schemas).sort());
  });

  it('gives every operation an answer for its example', () => {
    const without = operations.filter(
      ([, { answers, exampleStatus }]) => exampleStatus !== undefined && answers[exampleStatus] === undefined,
    );
    expect(without).toEqual([]);
  });
});

describe('the document of what is mounted', () => {
  it('leaves out a surface that is not', () => {
    const some = documentOf(rows.filter(({ path }) => path.startsWith('/v0.1/')));
    expect(Object.keys(some.paths).some((path) => path.startsWith('/1.0'))).toBe(false);
    expect(some.tags.map(({ name }) => name)).not.toContain('1.0: VRRP');
    expect(some.components['schemas']).not.toHaveProperty('V10Details');
  });

  it('is none for a row that nobody describes, or that reads another body than is said', () => {
    const build = (body: 'none' | 'json', path: string) => () =>
      buildDocument({ version: '1', surfaces: surfaceApis, rows: [{ method: 'GET', path, body }] });
    expect(build('none', '/v0.1/nothing')).toThrow(expect.objectContaining({ kind: 'internal' }));
    expect(build('json', '/info')).toThrow(expect.objectContaining({ kind: 'internal' }));
    expect(build('none', '/info')).not.toThrow();
  });
});

describe('a schema that validates requests', () => {
  it('says in 2020-12 what may be null, and keeps data as they are', () => {
    const ours = {
      $id: 'x',
      type: 'object',
      properties: {
        nullable: { type: 'string', nullable: true },
        list: { type: 'array', items: [{ type: 'integer', nullable: true }], nullable: false },
        fixed: { const: { nullable: true } },
      },
    };
    expect(asSchema2020(ours)).toEqual({
      type: 'object',
      properties: {
        nullable: { type: ['string', 'null'] },
        list: { type: 'array', items: [{ type: ['integer', 'null'] }] },
        fixed: { const: { nullable: true } },
      },
    });
  });
});
