// Bytes inside TLS: noise, and requests damaged byte by byte, from clients that may and from clients that may not.
import { mutateBytes } from '../mutate.mjs';
import { fill, requestBytes, rows } from '../requests.mjs';
import { faultsOfAnswer, faultsOfRefusal } from '../verdict.mjs';
import { clients } from '../wire.mjs';

const waitMs = 60;

/** The generator. */
export const tls = {
  name: 'tls',
  share: 1,
  atOnce: 8,
  make(random, { seed }) {
    const [method, path] = random.pick(rows);
    const request = requestBytes(
      method,
      fill(path, random, seed),
      random.oneIn(3) ? random.bytes(random.size(2_000)) : undefined,
    );
    const kinds = [
      () => random.bytes(random.size(20_000)),
      () => mutateBytes(request, random),
      () => Buffer.concat([mutateBytes(request, random, 2), request]),
      () => request.subarray(0, random.below(request.length)),
    ];
    return {
      input: random.pick(kinds)(),
      client: random.oneIn(3) ? random.pick(clients) : 'verified',
      versions: random.oneIn(4) ? { maxVersion: 'TLSv1.2' } : {},
      halfClose: random.oneIn(2),
    };
  },
  async run({ input, client, versions, halfClose }, { wire, subject }) {
    const line = await wire.open(client, versions);
    line.send(input);
    if (halfClose) line.halfClose();
    await line.until(() => false, waitMs);
    const answers = line.answers();
    line.close();
    const first = input.toString('latin1');
    const faults =
      client === 'verified'
        ? answers.flatMap((answer) => faultsOfAnswer(answer, first, subject))
        : faultsOfRefusal(answers);
    return { outcome: answers[0]?.status ?? 'no answer', faults };
  },
};
