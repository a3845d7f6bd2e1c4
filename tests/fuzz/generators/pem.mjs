// Certificates uploaded to listeners and in place of the agent's own: accepted or refused, and the agent goes on.
import { hostilePem, readPems, secretsOf } from '../pem-text.mjs';
import { fill, requestBytes } from '../requests.mjs';
import { faultsOfAnswer } from '../verdict.mjs';

const deadlineMs = 60_000;
const targets = [
  '/v0.1/listeners/:uuid/certificates/:name',
  '/v0.1/listeners/:uuid/certificates/:name',
  '/v0.1/certificate',
];
const right = new Set([201, 202, 400, 409, 413]);

/** The generator. */
export const pem = {
  name: 'pem',
  share: 1,
  atOnce: 4,
  prepare() {
    const pems = readPems();
    return { pems, secrets: secretsOf(pems) };
  },
  make(random, { seed, pems }) {
    return { input: requestBytes('PUT', fill(random.pick(targets), random, seed), hostilePem(random, pems)) };
  },
  async run({ input }, { wire, subject, secrets }) {
    const answer = await wire.ask(input, { deadlineMs });
    if (answer === undefined) return { outcome: 'no answer', faults: ['a whole request was not answered'] };
    const faults = faultsOfAnswer(answer, input.subarray(0, 500).toString('latin1'), subject);
    if (!right.has(answer.status)) faults.push(`${answer.status} ${answer.text.slice(0, 300)}`);
    if (secrets.some((line) => answer.text.includes(line))) faults.push('an answer holds key material');
    return { outcome: answer.status, faults };
  },
};
