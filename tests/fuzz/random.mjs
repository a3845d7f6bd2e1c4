// The one source of chance: sfc32, seeded by the name of a case, so that a case is the same alone and among others.
// Source of the algorithm: PractRand (Chris Doty-Humphrey), public domain.
import { createHash } from 'node:crypto';

/** Names a case: `seed:generator:n`. */
export const caseName = (seed, generator, n) => `${seed}:${generator}:${n}`;

/** Reads the name of a case. Throws when it is none. */
export function parseCase(text) {
  const found = /^(\d+):([a-z-]+):(\d+)$/.exec(text);
  if (found === null) throw new Error(`"${text}" is no case: expected seed:generator:n`);
  return { seed: Number(found[1]), generator: found[2], n: Number(found[3]) };
}

/** Makes the stream of one name. */
export function createRandom(name) {
  const digest = createHash('sha256').update(name).digest();
  let [a, b, c, counter] = [0, 4, 8, 12].map((at) => digest.readUInt32LE(at));
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  const below = (bound) => Math.floor((next() / 4_294_967_296) * bound);
  const random = {
    /** A whole number from 0 to below the bound. */
    below,
    /** A whole number, both ends included. */
    between: (least, most) => least + below(most - least + 1),
    /** True once in so many times. */
    oneIn: (times) => below(times) === 0,
    pick: (list) => list[below(list.length)],
    /** Mostly small, now and then up to the bound: what most limits are about. */
    size(most) {
      return below(Math.min(most, 2 ** random.between(0, Math.ceil(Math.log2(most + 1)))) + 1);
    },
    bytes: (count) => Buffer.from(Array.from({ length: count }, () => below(256))),
    text: (count, alphabet) => Array.from({ length: count }, () => random.pick(alphabet)).join(''),
    /** Several picks, some perhaps twice. */
    some: (list, most) => Array.from({ length: random.between(1, most) }, () => random.pick(list)),
  };
  return random;
}
