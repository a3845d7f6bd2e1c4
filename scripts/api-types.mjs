// Makes TypeScript of the OpenAPI document: the types that agent/client/api-client.ts is typed by, and the table that it
// calls from. It knows the keywords that our schemas use and refuses any other.

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const property = (name) => (/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name));
// They narrow values, not types.
const ignored = new Set([
  'description',
  'example',
  'examples',
  'format',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'default',
]);
const known = new Set([
  '$ref',
  'type',
  'const',
  'enum',
  'oneOf',
  'anyOf',
  'properties',
  'required',
  'additionalProperties',
  'items',
]);

/** Writes the type of what a schema admits. */
export function typeOf(schema) {
  for (const keyword of Object.keys(schema)) {
    if (!known.has(keyword) && !ignored.has(keyword)) throw new Error(`schema: ${keyword} has no type`);
  }
  if (schema.$ref !== undefined) return schema.$ref.split('/').at(-1);
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((each) => JSON.stringify(each)).join(' | ');
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices !== undefined) return choices.map((each) => `(${typeOf(each)})`).join(' | ');
  return [schema.type ?? 'unknown']
    .flat()
    .map((type) => plainType(type, schema))
    .join(' | ');
}

function plainType(type, schema) {
  if (type === 'integer') return 'number';
  if (type === 'array')
    return `readonly (${schema.items === undefined ? 'unknown' : typeOf(schema.items)})[]`;
  return type === 'object' ? objectType(schema) : type;
}

function objectType({ properties = {}, required = [], additionalProperties }) {
  const members = Object.entries(properties).map(
    ([name, schema]) => `readonly ${property(name)}${required.includes(name) ? '' : '?'}: ${typeOf(schema)}`,
  );
  if (isObject(additionalProperties)) {
    // A signature of its own: it need not hold for the named members.
    const rest = `{ readonly [name: string]: ${typeOf(additionalProperties)} }`;
    return members.length === 0 ? rest : `({ ${members.join('; ')} } & ${rest})`;
  }
  if (members.length === 0) return '{ readonly [name: string]: unknown }';
  return `{ ${members.join('; ')} }`;
}

function bodyType(content) {
  const [mediaType, { schema }] = Object.entries(content)[0];
  return mediaType === 'application/json' ? typeOf(schema) : 'string';
}

function argumentsType({ parameters = [], requestBody }) {
  const places = { path: 'path', query: 'query', header: 'headers' };
  const groups = Object.entries(places).flatMap(([place, name]) => {
    const here = parameters.filter((parameter) => parameter.in === place);
    if (here.length === 0) return [];
    const members = here.map((each) => `readonly ${property(each.name)}${each.required ? '' : '?'}: string`);
    const optional = here.every((each) => !each.required);
    return [{ optional, member: `readonly ${name}${optional ? '?' : ''}: { ${members.join('; ')} }` }];
  });
  if (requestBody !== undefined) {
    const optional = !requestBody.required;
    groups.push({
      optional,
      member: `readonly body${optional ? '?' : ''}: ${bodyType(requestBody.content)}`,
    });
  }
  if (groups.length === 0) return '[]';
  const given = groups.every(({ optional }) => optional) ? 'given?' : 'given';
  return `[${given}: { ${groups.map(({ member }) => member).join('; ')} }]`;
}

function answerType(responses) {
  return Object.entries(responses)
    .map(([status, { content }]) => {
      const body = content === undefined ? 'string' : bodyType(content);
      return `Answer<${status}, ${body}>`;
    })
    .join(' | ');
}

const isEndless = ({ responses }) => Object.values(responses).some((each) => each['x-endless'] === true);

/** Writes the module: schemas, calls, and the table of operations. Those that do not end are no calls. */
export function apiModule(document) {
  const rows = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const callable = rows.filter(({ operation }) => !isEndless(operation));
  const schemas = Object.entries(document.components.schemas).map(
    ([name, schema]) => `export type ${name} = ${typeOf(schema)};`,
  );
  const calls = callable.map(
    ({ operation }) =>
      `  /** ${operation.summary}. */\n  readonly ${operation.operationId}: {\n    readonly arguments: ${argumentsType(operation)};\n    readonly answer: ${answerType(operation.responses)};\n  };`,
  );
  const table = callable.map(({ path, method, operation }) => {
    const mediaType = Object.keys(operation.requestBody?.content ?? {})[0];
    const row = { method: method.toUpperCase(), path, ...(mediaType === undefined ? {} : { mediaType }) };
    return `  ${operation.operationId}: ${JSON.stringify(row)},`;
  });
  return `// Generated by scripts/generate.mjs from the OpenAPI document.

export interface Answer<Status extends number, Body> {
  readonly status: Status;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Body;
}

${schemas.join('\n\n')}

export interface Calls {
${calls.join('\n')}
}

export const operations = {
${table.join('\n')}
} as const;
`;
}
