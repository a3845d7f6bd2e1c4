// In-process: what reads PEM and certificates. Only an AgentError may be thrown, and none holds key material.
import { hostilePem, readPems, secretsOf } from '../pem-text.mjs';

const nowMs = Date.UTC(2030, 0, 1);

/** The generator. */
export const pemText = {
  name: 'pem-text',
  isPure: true,
  share: 1,
  prepare() {
    const pems = readPems();
    return { pems, secrets: secretsOf(pems) };
  },
  make: (random, { pems }) => ({ input: hostilePem(random, pems) }),
  run({ input }, { pure, secrets }) {
    const faults = [];
    const attempt = (job) => {
      try {
        return job();
      } catch (thrown) {
        if (!pure.isAgentError(thrown)) throw thrown;
        const said = `${thrown.message} ${thrown.detail ?? ''} ${thrown.cause?.stack ?? ''}`;
        if (secrets.some((line) => said.includes(line)))
          faults.push(`an error holds key material: ${thrown.message}`);
        if (said.length > 5_000) faults.push(`an error of ${said.length} characters`);
        return undefined;
      }
    };
    pure.splitPem(input);
    const bundle = attempt(() => pure.readBundle(input));
    if (bundle !== undefined) {
      attempt(() => pure.checkServerBundle(bundle, nowMs));
      pure.describeCertificate(bundle.certificate);
      pure.certificateChainPem(bundle);
    }
    for (const certificate of attempt(() => pure.readCaBundle(input)) ?? [])
      pure.describeCertificate(certificate);
    return { outcome: bundle === undefined ? 'refused' : 'accepted', faults };
  },
};
