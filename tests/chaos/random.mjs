// Random decisions that can be repeated: each actor draws from a stream of its own, derived from the seed and its
// name, so that what one does never moves what another decides. The generator is sfc32 (PractRand's author's).
import { createHash } from 'node:crypto';

/** Makes the stream of one actor. */
export function createRandom(seed, name) {
  const bytes = createHash('sha256').update(`${seed}:${name}`).digest();
  let [a, b, c, counter] = [0, 4, 8, 12].map((at) => bytes.readInt32LE(at));
  const fraction = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  const integer = (least, most) => least + Math.floor(fraction() * (most - least + 1));
  return {
    /** A whole number from `least` to `most`, both included. */
    integer,
    chance: (share) => fraction() < share,
    pick: (list) => list[integer(0, list.length - 1)],
    /** A name of `{name: weight}`, as often as its weight says. */
    weighted(weights) {
      const entries = Object.entries(weights);
      let rest = fraction() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      return entries.find(([, weight]) => (rest -= weight) < 0)?.[0] ?? entries.at(-1)[0];
    },
  };
}
