// What is wrong with a value that a schema refuses, in words for whoever sent it: every fault with its place, as
// `host_routes[0].nexthop: must be string`. Source: ajv's error objects (instancePath is a JSON pointer).

/** What of ajv's errors is read. */
interface SchemaError {
  readonly instancePath: string;
  readonly message?: string | undefined;
  readonly params: Readonly<Record<string, unknown>>;
}

const mostTold = 8;

/** Tells the faults, the first eight of them. */
export function shapeFaults(errors: readonly SchemaError[] | null | undefined): string {
  const told = (errors ?? []).slice(0, mostTold).map(({ instancePath, message, params }) => {
    const place = placeOf(instancePath);
    const allowed: unknown = params['allowedValues'];
    const values = Array.isArray(allowed) ? `: ${allowed.map(String).join(', ')}` : '';
    return `${place === '' ? 'body' : place}: ${message ?? 'is wrong'}${values}`;
  });
  return told.join('; ');
}

function placeOf(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '');
}
