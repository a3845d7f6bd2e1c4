// What a value must look like: literals, objects by their members, and a few matchers. Each shape can say itself, and
// tells every place where a value differs from it. Pure.

/** A shape in full. */
export interface Shape {
  readonly text: string;
  /** What is wrong with a value; `at` is where it stands. */
  faults(value: unknown, at: string): readonly string[];
}

/** A shape as cases write it: a literal, an object by the members that it must have (others may be there), or a shape. */
export type Wanted = Shape | string | number | boolean | null | { readonly [member: string]: Wanted };

const longestShown = 120;

/** Makes the shape of what a case wants. */
export function shapeOf(wanted: Wanted): Shape {
  if (isShape(wanted)) return wanted;
  return typeof wanted === 'object' && wanted !== null ? members(wanted) : literal(wanted);
}

/** A text that is not empty, of a pattern when given; `as` is how it is told. */
export function textLike(pattern = /./s, as = pattern.source === '.' ? 'text' : String(pattern)): Shape {
  return where(as, (value) => typeof value === 'string' && pattern.test(value));
}

/** Any text, the empty one included. */
export const anyText: Shape = where('text', (value) => typeof value === 'string');

export const anyNumber: Shape = where(
  'number',
  (value) => typeof value === 'number' && Number.isFinite(value),
);

/** Any object, whatever is in it. */
export const anyObject: Shape = where(
  'object',
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);

/** One of these texts. */
export function oneOf(...words: readonly string[]): Shape {
  return where(words.join('|'), (value) => typeof value === 'string' && words.includes(value));
}

/** What a test of its own tells. */
export function where(text: string, accepts: (value: unknown) => boolean): Shape {
  return { text, faults: (value, at) => (accepts(value) ? [] : [differs(at, text, value)]) };
}

/** An object with these members and no other. */
export function exactly(wanted: Readonly<Record<string, Wanted>>): Shape {
  const shape = members(wanted);
  return {
    text: shape.text,
    faults: (value, at) => {
      const others = isObject(value) ? Object.keys(value).filter((key) => !Object.hasOwn(wanted, key)) : [];
      return [...shape.faults(value, at), ...others.map((key) => `${at}.${key}: not expected`)];
    },
  };
}

/** An array whose every element is of a shape. */
export function arrayOf(wanted: Wanted): Shape {
  const shape = shapeOf(wanted);
  return {
    text: `[${shape.text}, …]`,
    faults: (value, at) =>
      Array.isArray(value)
        ? value.flatMap((each, index) => shape.faults(each, `${at}[${index}]`))
        : [differs(at, 'array', value)],
  };
}

/** An array that has an element of each of these shapes among others. */
export function having(...wanted: readonly Wanted[]): Shape {
  const shapes = wanted.map(shapeOf);
  return {
    text: `array with ${shapes.map(({ text }) => text).join(' and ')}`,
    faults: (value, at) =>
      Array.isArray(value)
        ? shapes
            .filter((shape) => !value.some((each) => shape.faults(each, at).length === 0))
            .map(({ text }) => `${at}: has no ${text}, is ${shown(value)}`)
        : [differs(at, 'array', value)],
  };
}

/** An array, or the members of an object, among which none of these names stands, as a value, as `uuid` or as a key. */
export function lacking(...names: readonly string[]): Shape {
  return {
    text: `without ${names.join(', ')}`,
    faults: (value, at) => {
      if (typeof value !== 'object' || value === null) return [differs(at, 'array or object', value)];
      const there = Array.isArray(value) ? value.map(nameOf) : Object.keys(value);
      return names.filter((name) => there.includes(name)).map((name) => `${at}: has ${name}`);
    },
  };
}

/** Writes a value for a table: one line, cut where it is long. */
export function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
}

function nameOf(element: unknown): unknown {
  return isObject(element) ? element['uuid'] : element;
}

function members(wanted: Readonly<Record<string, Wanted>>): Shape {
  const shapes = Object.entries(wanted).map(([key, each]) => [key, shapeOf(each)] as const);
  return {
    text: `{${shapes.map(([key, { text }]) => `${JSON.stringify(key)}: ${text}`).join(', ')}}`,
    faults: (value, at) =>
      isObject(value)
        ? shapes.flatMap(([key, shape]) => shape.faults(value[key], `${at}.${key}`))
        : [differs(at, 'object', value)],
  };
}

function literal(wanted: string | number | boolean | null): Shape {
  return where(JSON.stringify(wanted), (value) => value === wanted);
}

function differs(at: string, text: string, value: unknown): string {
  return `${at}: ${shown(value)}, not ${text}`;
}

function isShape(wanted: Wanted): wanted is Shape {
  return typeof wanted === 'object' && wanted !== null && typeof wanted.faults === 'function';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
