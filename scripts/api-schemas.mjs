// The schemas of a page as tables, one a schema: what a body has, member by member.

const refName = (ref) => ref.split('/').at(-1);

/** Writes the chapter of the schemas that these rows name, with those that they name in turn. */
export function schemaLines(document, rows) {
  const { schemas } = document.components;
  const names = new Set();
  const collect = (value) => {
    for (const [, name] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (names.has(name)) continue;
      names.add(name);
      collect(schemas[name]);
    }
  };
  collect(rows.map(({ operation }) => operation));
  const chapters = [...names].flatMap((name) => [`### ${name}`, '', ...linesOf(schemas[name]), '']);
  return names.size === 0 ? [] : ['## Schemas', '', 'Members in *italics* may be left out.', '', ...chapters];
}

function linesOf(schema) {
  const choices = schema.anyOf ?? schema.oneOf;
  const says = schema.description === undefined ? [] : [schema.description, ''];
  if (choices !== undefined && choices.every((each) => each.properties !== undefined)) {
    const each = choices.flatMap((choice, index) => [
      ...(index === 0 ? [] : ['', 'Or:', '']),
      ...table(choice),
    ]);
    return [...says, ...each];
  }
  if (schema.type === 'array') return [...says, 'An array of:', '', ...table(schema.items)];
  return [...says, ...table(schema)];
}

function table(schema) {
  const members = membersOf(schema, '');
  return members.length === 0
    ? [`${inWords(schema)}.`]
    : ['| member | | |', '| --- | --- | --- |', ...members.map((each) => `| ${each.join(' | ')} |`)];
}

function membersOf({ properties = {}, required = [] }, before) {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = `${before}${name}`;
    const shown = required.includes(name) ? `\`${path}\`` : `*\`${path}\`*`;
    const below = schema.properties !== undefined ? membersOf(schema, `${path}.`) : [];
    const byName =
      schema.additionalProperties?.properties === undefined
        ? []
        : membersOf(schema.additionalProperties, `${path}.*.`);
    const inItems = schema.items?.properties !== undefined ? membersOf(schema.items, `${path}[].`) : [];
    return [[shown, inWords(schema), schema.description ?? ''], ...below, ...byName, ...inItems];
  });
}

function inWords(schema) {
  if (schema.$ref !== undefined) return `[${refName(schema.$ref)}](#${refName(schema.$ref).toLowerCase()})`;
  if ('const' in schema) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((each) => `\`${JSON.stringify(each)}\``).join(', ');
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return choices.map(inWords).join(', or ');
  const types = [schema.type ?? 'anything'].flat().join(' or ');
  const extra = schema.additionalProperties;
  if (schema.properties === undefined && typeof extra === 'object')
    return `object: by name ${inWords(extra)}`;
  if (schema.items !== undefined) return `${types} of ${inWords(schema.items)}${boundsOf(schema)}`;
  return `${types}${boundsOf(schema)}`;
}

function boundsOf(schema) {
  const words = [
    range(schema.minimum, schema.maximum, ''),
    range(schema.minLength, schema.maxLength, ' characters'),
    range(schema.minItems, schema.maxItems, ' of them'),
    schema.pattern === undefined ? '' : `\`${schema.pattern.replaceAll('|', '\\|')}\``,
    schema.format ?? '',
  ].filter((word) => word !== '');
  return words.length === 0 ? '' : `, ${words.join(', ')}`;
}

function range(least, most, unit) {
  if (least === undefined && most === undefined) return '';
  if (least === undefined) return `at most ${most}${unit}`;
  if (most === undefined) return `at least ${least}${unit}`;
  return least === most ? `${least}${unit}` : `${least} to ${most}${unit}`;
}
