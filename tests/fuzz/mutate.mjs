// Damage to bytes that were good: what a broken client, a torn upload or an attacker sends.

const interesting = [0, 1, 9, 10, 13, 32, 34, 35, 36, 37, 39, 45, 46, 47, 58, 92, 127, 128, 192, 255];

const damages = [
  (bytes, random) => replaced(bytes, random, (byte) => byte ^ (1 << random.below(8))),
  (bytes, random) => replaced(bytes, random, () => random.pick(interesting)),
  (bytes, random) => replaced(bytes, random, () => random.below(256)),
  (bytes, random) => without(bytes, ...span(bytes, random)),
  (bytes, random) => inserted(bytes, random, bytes.subarray(...span(bytes, random))),
  (bytes, random) => inserted(bytes, random, random.bytes(1 + random.size(16))),
  (bytes, random) => inserted(bytes, random, Buffer.alloc(random.size(4_096), random.pick(interesting))),
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  (bytes, random) => inserted(bytes, random, Buffer.from([random.pick(interesting)])),
];

/** Damages a copy of bytes in one to `most` places. */
export function mutateBytes(bytes, random, most = 4) {
  let out = Buffer.from(bytes);
  for (let left = random.between(1, most); left > 0; left -= 1) out = random.pick(damages)(out, random);
  return out;
}

/** Damages text, taken as one character a byte. */
export function mutateText(text, random, most = 4) {
  return mutateBytes(Buffer.from(text, 'utf8'), random, most).toString('latin1');
}

/** Swaps, drops, doubles and shuffles the lines of a text. */
export function mutateLines(text, random) {
  const lines = text.split('\n');
  const at = random.below(lines.length);
  const other = random.below(lines.length);
  const line = lines[at] ?? '';
  switch (random.below(4)) {
    case 0:
      lines.splice(at, 1);
      break;
    case 1:
      lines.splice(other, 0, line);
      break;
    case 2:
      [lines[at], lines[other]] = [lines[other], line];
      break;
    default:
      lines.splice(other, random.size(lines.length - other));
  }
  return lines.join('\n');
}

function span(bytes, random) {
  const start = random.below(bytes.length + 1);
  return [start, Math.min(bytes.length, start + random.size(256))];
}

function replaced(bytes, random, change) {
  if (bytes.length === 0) return bytes;
  const out = Buffer.from(bytes);
  const at = random.below(out.length);
  out[at] = change(out[at]);
  return out;
}

function without(bytes, start, end) {
  return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
}

function inserted(bytes, random, more) {
  const at = random.below(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);
}
