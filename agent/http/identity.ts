// Who the peer is. The handshake has checked the certificate (chain, dates, purpose); this decides what becomes of
// the request, and re-checks the dates, which go on while a connection is kept alive.
// Source: contract/amphora-v0.1.md "Common rules" (401), DESIGN "Server identity and connections".

import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { Clock } from '../host/clock';

/** A verified client certificate, as the access log names it. */
export interface ClientIdentity {
  /** Its subject's common name, '' when it has none. */
  readonly subject: string;
  /** Upper-case hexadecimal. */
  readonly serial: string;
}

export type Identified =
  | { readonly verified: true; readonly client: ClientIdentity }
  | { readonly verified: false; readonly reason: string };

interface KnownPeer {
  readonly client: ClientIdentity;
  readonly validFromMs: number;
  readonly validToMs: number;
}

/** Makes the judge of requests; what it knows of a connection goes with that connection. */
export function createIdentify(clock: Clock): (request: IncomingMessage) => Identified {
  const known = new WeakMap<TLSSocket, KnownPeer>();

  return (request) => {
    const { socket } = request;
    if (!(socket instanceof TLSSocket)) return refused('not a TLS connection');
    if (!socket.authorized) return refused(reasonOf(socket));
    let peer = known.get(socket);
    if (peer === undefined) {
      const certificate = socket.getPeerX509Certificate();
      if (certificate === undefined) return refused('no client certificate was presented');
      peer = describe(certificate);
      known.set(socket, peer);
    }
    const now = clock.now();
    if (now < peer.validFromMs || now > peer.validToMs)
      return refused('the client certificate is not valid now');
    return { verified: true, client: peer.client };
  };
}

function refused(reason: string): Identified {
  return { verified: false, reason };
}

function describe(certificate: X509Certificate): KnownPeer {
  return {
    client: { subject: /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? '', serial: certificate.serialNumber },
    validFromMs: Date.parse(certificate.validFrom),
    validToMs: Date.parse(certificate.validTo),
  };
}

// Node's own codes, in words that tell an operator what to look at.
const reasons: Readonly<Record<string, string>> = {
  UNABLE_TO_GET_ISSUER_CERT: 'no client certificate was presented, or it does not chain to the configured CA',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the client certificate does not chain to the configured CA',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the client certificate does not chain to the configured CA',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the client certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'the client certificate chains to a CA that is not configured',
  CERT_HAS_EXPIRED: 'the client certificate has expired',
  CERT_NOT_YET_VALID: 'the client certificate is not yet valid',
  INVALID_PURPOSE: 'the client certificate is not meant for client authentication',
  CERT_SIGNATURE_FAILURE: "the client certificate's signature is not the configured CA's",
};

function reasonOf(socket: TLSSocket): string {
  if (socket.getPeerX509Certificate() === undefined) return 'no client certificate was presented';
  const error: unknown = socket.authorizationError;
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return reasons[code] ?? `the client certificate is refused: ${code}`;
}
