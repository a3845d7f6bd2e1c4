// Writes docs/api/: one page a surface, from the OpenAPI document. With --check it writes nothing and fails when a page is
// not what it would write.
// usage: node scripts/api-docs.mjs [--check]
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiDocument } from './api-document.mjs';
import { schemaLines } from './api-schemas.mjs';

const directory = join(import.meta.dirname, '..', 'docs', 'api');
const everyRow = 'x-every-row';

function pages(document) {
  const rows = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const surfaces = [...new Set(rows.map(({ operation }) => operation['x-surface']))];
  const named = surfaces.map((surface) => {
    const own = rows.filter(({ operation }) => operation['x-surface'] === surface);
    return [`${surface}.md`, pageOf(document, own)];
  });
  return new Map([...named, ['README.md', indexOf(document, rows, surfaces)]]);
}

function indexOf(document, rows, surfaces) {
  const titles = surfaces.map((surface) => {
    const first = rows.find(({ operation }) => operation['x-surface'] === surface);
    const count = rows.filter(({ operation }) => operation['x-surface'] === surface).length;
    return `| [${surface}](${surface}.md) | ${titleOf(first)} | ${count} |`;
  });
  return [
    '# The API',
    '',
    document.info.description,
    '',
    'Who may call: [operations.md](../operations.md#who-may-call). What lies behind the calls: [apply.md](../apply.md) for uploads and',
    'reloads, [network.md](../network.md) for ports, [vrrp.md](../vrrp.md) for pairs, [errors.md](../errors.md) for failures.',
    '',
    'The same is served as OpenAPI 3.1, for programs: `GET /openapi.json`. A call with the PKI of `amphorad dev` is',
    '',
    '    curl --cacert var/certs/ca.pem --cert var/certs/client.pem https://localhost:9443/info',
    '',
    '| surface | | rows |',
    '| --- | --- | --- |',
    ...titles,
    '',
    '`npm run docs:api` makes these pages; what they say stands beside the tables of rows, in `agent/surfaces/<surface>/operations`.',
    '',
  ].join('\n');
}

const titleOf = ({ operation }) => operation.tags[0].split(': ')[0];

function pageOf(document, rows) {
  const title = titleOf(rows[0]);
  const tags = document.tags.filter(({ name }) =>
    rows.some(({ operation }) => operation.tags.includes(name)),
  );
  const intro = tags[0].description.split('\n\n');
  const chapters = tags.flatMap(({ name, description }, index) => {
    const own = rows.filter(({ operation }) => operation.tags.includes(name));
    const text = index === 0 ? intro.at(-1) : description;
    return [`## ${name.slice(title.length + 2)}`, '', text, '', ...tableOf(own), '', ...own.flatMap(rowOf)];
  });
  return [
    `# ${title}`,
    '',
    intro.slice(0, -1).join('\n\n'),
    '',
    'What every row may answer, besides what it says itself:',
    '',
    ...everyRowTable(rows),
    '',
    ...chapters,
    ...schemaLines(document, rows),
  ]
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .replace(/\n*$/, '\n');
}

function everyRowTable(rows) {
  const answers = new Map();
  for (const { operation } of rows) {
    for (const [status, response] of Object.entries(operation.responses)) {
      if (response[everyRow] !== true) continue;
      const said = answers.get(status) ?? { response, count: 0 };
      answers.set(status, { ...said, count: said.count + 1 });
    }
  }
  const lines = [...answers].sort().map(([status, { response }]) => {
    const { example } = contentOf(response)?.content ?? {};
    return `| ${status} | ${response.description} | ${example === undefined ? '' : inCell(shown(example))} |`;
  });
  return ['| status | | for example |', '| --- | --- | --- |', ...lines];
}

function tableOf(rows) {
  const lines = rows.map(({ path, method, operation }) => {
    const own = Object.entries(operation.responses).filter(([, response]) => response[everyRow] !== true);
    const statuses = (wanted) => own.map(([status]) => status).filter((status) => wanted(Number(status)));
    const [kind = ''] = Object.keys(operation.requestBody?.content ?? {});
    return `| ${method} \`${path}\` | ${kind} | ${statuses((each) => each < 400).join(', ')} | ${statuses((each) => each >= 400).join(', ')} |`;
  });
  return ['| method, path | body | success | errors |', '| --- | --- | --- | --- |', ...lines];
}

function rowOf({ path, method, operation }) {
  const { summary, description, parameters = [], requestBody, operationId } = operation;
  const asked = parameters.map(
    (each) =>
      `- \`${each.name}\`${each.in === 'path' ? '' : ` (${each.in})`}: ${each.description}${valuesOf(each.schema)}`,
  );
  return [
    `### ${method} ${path}`,
    '',
    `${summary}.${description === undefined ? '' : ` ${description}`} In the typed client: \`${operationId}\`.`,
    '',
    ...asked,
    ...(asked.length === 0 ? [] : ['']),
    ...bodyLines(requestBody),
    ...Object.entries(operation.responses)
      .filter(([, response]) => response[everyRow] !== true)
      .flatMap(answerLines),
    '',
  ];
}

function valuesOf({ enum: values, pattern }) {
  if (values !== undefined) return ` One of ${values.map((each) => `\`${each}\``).join(', ')}.`;
  return pattern === undefined ? '' : ` Matches \`${pattern.replaceAll('|', '\\|')}\`.`;
}

function bodyLines(requestBody) {
  if (requestBody === undefined) return [];
  const { mediaType, content } = contentOf(requestBody);
  const says = [
    `**Body**, \`${mediaType}\`${requestBody.required ? '' : ', optional'}${schemaName(content.schema)}`,
    `, up to \`[amphorad] ${requestBody['x-limit']}\`.`,
    requestBody.description === undefined ? '' : ` ${requestBody.description}`,
  ];
  return [says.join(''), '', ...fenced(content.example), ''];
}

function answerLines([status, response]) {
  const { content } = contentOf(response) ?? {};
  const headers = Object.entries(response.headers ?? {}).map(
    ([name, { description }]) => ` Header \`${name}\`: ${description}`,
  );
  const examples =
    content?.examples ?? (content?.example === undefined ? {} : { 1: { value: content.example } });
  const values = Object.values(examples).map(({ value }) => value);
  return [
    `**${status}**: ${response.description}${headers.join('')}${schemaName(content?.schema)}`,
    '',
    ...(values.length === 0 ? [] : [...fenced(...values), '']),
  ];
}

function contentOf({ content }) {
  const [found] = Object.entries(content ?? {});
  return found === undefined ? undefined : { mediaType: found[0], content: found[1] };
}

function schemaName(schema) {
  const name = schema?.$ref?.split('/').at(-1) ?? schema?.items?.$ref?.split('/').at(-1);
  return name === undefined || /(?:Done|Refusal)$/.test(name) ? '' : ` (${schemaLink(name)})`;
}

const schemaLink = (name) => `[${name}](#${name.toLowerCase()})`;

const shown = (value) => (typeof value === 'string' ? value : JSON.stringify(value));
const inCell = (text) => `\`${text.replaceAll('|', '\\|')}\``;

function fenced(...values) {
  return ['```', ...values.map((value) => shown(value).replace(/\n$/, '')), '```'];
}

const made = pages(apiDocument());
const path = (name) => join(directory, name);
if (process.argv.includes('--check')) {
  const present = readdirSync(directory);
  const stale = [...made].filter(
    ([name, text]) => !present.includes(name) || readFileSync(path(name), 'utf8') !== text,
  );
  const wrong = [...stale.map(([name]) => name), ...present.filter((name) => !made.has(name))];
  for (const name of wrong) process.stdout.write(`docs/api/${name} is stale: npm run docs:api\n`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
} else {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const [name, text] of made) writeFileSync(path(name), text);
}
