// Clients that an agent must refuse, made on the spot: nobody, one of another authority, one that vouches for itself,
// and one whose authority has the name of the right one and another key.

import { X509Certificate } from 'node:crypto';
import type { HttpsIdentity } from '../host/https';
import { issueCa, issueClient, issueSelfSignedClient, type Issued } from '../pki/issue';
import type { Client } from './case';

/** Makes the identities of all clients; `controller` is the one that was given. */
export async function makeClients(
  controller: HttpsIdentity,
  caPem: string,
  nowMs: number,
): Promise<ReadonlyMap<Client, HttpsIdentity | undefined>> {
  const validity = { now: nowMs, days: 1 };
  const client = { commonName: 'conformance client', ...validity };
  const by = async (commonName: string): Promise<HttpsIdentity> => {
    const ca = await issueCa({ commonName, ...validity });
    return identityOf(await issueClient(ca, client));
  };
  const [stranger, namesake, selfSigned] = await Promise.all([
    by('a stranger’s CA'),
    by(nameOf(caPem)),
    issueSelfSignedClient(client),
  ]);
  return new Map<Client, HttpsIdentity | undefined>([
    ['controller', controller],
    ['nobody', undefined],
    ['stranger', stranger],
    ['self-signed', identityOf(selfSigned)],
    ['namesake of the CA', namesake],
  ]);
}

function identityOf({ keyPem, certificatePem }: Issued): HttpsIdentity {
  return { keyPem, certificatePem };
}

function nameOf(caPem: string): string {
  return /^CN=(.+)$/m.exec(new X509Certificate(caPem).subject)?.[1] ?? 'CA';
}
