// A throw-away PKI for one test file: an authority, a server and one good client, and makers of bad ones.

import { issueCa, issueClient, issueSelfSignedClient, issueServer } from '../../../agent/pki/issue';

type Authority = Awaited<ReturnType<typeof issueCa>>;
export type Issued = Awaited<ReturnType<typeof issueClient>>;

export const amphoraId = '3a7e4b52-9d0c-4f15-8b6e-2c1d5e9f7a01';
const day = 86_400_000;

export interface TestPki {
  readonly ca: Authority;
  readonly server: Issued;
  readonly client: Issued;
}

export async function makePki(): Promise<TestPki> {
  const now = Date.now();
  const ca = await issueCa({ commonName: 'test CA', days: 10, now });
  const server = await makeServer(ca);
  const client = await issueClient(ca, { commonName: 'controller', days: 10, now });
  return { ca, server, client };
}

export function makeServer(
  ca: Authority,
  dates: { notBefore?: number; notAfter?: number } = {},
): Promise<Issued> {
  return issueServer(ca, {
    amphoraId,
    names: ['127.0.0.1', 'localhost'],
    days: 10,
    now: Date.now(),
    ...dates,
  });
}

/** Client certificates that must be refused, each with what is wrong with it. */
export async function badClients(pki: TestPki): Promise<ReadonlyMap<string, Issued | undefined>> {
  const now = Date.now();
  const common = { commonName: 'controller', days: 10, now };
  const otherCa = await issueCa({ commonName: 'other CA', days: 10, now });
  return new Map<string, Issued | undefined>([
    ['none', undefined],
    ['other CA', await issueClient(otherCa, common)],
    ['self-signed', await issueSelfSignedClient(common)],
    [
      'expired',
      await issueClient(pki.ca, { ...common, notBefore: now - 20 * day, notAfter: now - 10 * day }),
    ],
    [
      'not yet valid',
      await issueClient(pki.ca, { ...common, notBefore: now + 5 * day, notAfter: now + 10 * day }),
    ],
    ['server-only EKU', await issueClient(pki.ca, { ...common, usages: ['serverAuth'] })],
  ]);
}
