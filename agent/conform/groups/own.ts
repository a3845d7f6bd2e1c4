// The agent's own certificate and configuration, with what the operator gave. These come last: an agent that takes what
// it should refuse cuts itself off. Source: contract/octavia-1.0.md "Endpoints", contract/amphora-v0.1.md "Server certificate rotation".

import { get, json, put, type Case, type Dialect, type Group } from '../case';
import type { Scene } from '../scene';
import { ok, someDetails } from './words';

/** The rotation of the server certificate; 1.0 has v0.1's words for what is wrong. */
export function rotation(dialect: Dialect): Group {
  const isOld = dialect === 'v0.1';
  const path = isOld ? '/v0.1/certificate' : '/1.0/certificate';
  const info = isOld ? '/v0.1/info' : '/1.0/info';
  return {
    name: 'server certificate',
    dialect,
    access: 'rotate',
    cases: ({ serverBundle, pems }) => [
      {
        name: 'the one that was given',
        says: 'PUT certificate → 202 OK; served to new connections at once without a restart.',
        ask: put(path, serverBundle),
        expect: json(202, ok),
      },
      answering('the agent answers with it', info),
      ...[
        ['without a certificate', 'no PEM at all\n', 'No certificate found'],
        ['without a key', pems.withoutKey, 'No RSA key found'],
        ['with another key', pems.keyOfAnother, 'Certificate and key do not match'],
      ].map(([name = '', body = '', message = '']) => ({
        name: `one ${name}`,
        says: `400 ${message}; a certificate that cannot be loaded leaves the old one in service${isOld ? '' : ' [better]'}.`,
        ...(isOld ? {} : { better: true as const }),
        ask: put(path, body),
        expect: json(400, { message }),
      })),
      answering('the agent answers with the old one', info),
    ],
  };
}

function answering(name: string, path: string): Case {
  return {
    name,
    says: 'A certificate that cannot be loaded leaves the old one in service.',
    ask: get(path),
    expect: { status: [200] },
    // Octavia's agent starts anew for a new certificate.
    retryForMs: 10_000,
  };
}

/** agent.conf, replaced by what it has already. */
export const agentConfiguration: Group = {
  name: 'agent.conf',
  dialect: '1.0',
  access: 'replace-config',
  cases: ({ agentConfig }: Scene) => {
    const replaced = {
      says: 'PUT /1.0/config → 202 OK.',
      ask: put('/1.0/config', agentConfig),
      expect: json(202, ok),
    };
    return [
      { name: 'the one that was given', ...replaced },
      answering('the agent answers under it', '/1.0/info'),
      {
        name: 'one that is none',
        says: 'Ours for a bad file: 400, same body, old file kept [better].',
        better: true,
        ask: put('/1.0/config', 'heartbeat_key = without a section\n'),
        expect: json(400, someDetails('Unable to update amphora-agent configuration.')),
      },
      { name: 'the one that was given, put right', ...replaced },
    ];
  },
};
