// Who the peer is, judged at every request and in both refusal modes: first what the handshake found, then what is in
// force now, by what the client showed. What is known of a connection goes with it.
// Source: contract/amphora-v0.1.md "Common rules" (401), DESIGN "Server identity and connections".

import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { ClientAccess, PeerChain, Verdict } from '../core/client-access';
import { json, type Reply } from './reply';

/** A verified client certificate, as the access log names it. */
export interface ClientIdentity {
  /** Its subject's common name, '' when it has none. */
  readonly subject: string;
  /** Upper-case hexadecimal. */
  readonly serial: string;
}

export type Identified =
  | {
      readonly verified: true;
      readonly client: ClientIdentity;
      /** It may only GET and HEAD. */
      readonly readOnly: boolean;
    }
  | { readonly verified: false; readonly reason: string };

export interface Identify {
  /** Judges the peer of a request. */
  request(request: IncomingMessage): Identified;
  /** Judges the peer of a connection. */
  connection(socket: Duplex): Identified;
}

interface KnownPeer {
  readonly client: ClientIdentity;
  readonly chain: PeerChain;
  readonly generation: number;
  readonly judge: () => Verdict;
}

/** Makes the judge of requests and connections. */
export function createIdentify(access: Pick<ClientAccess, 'generation' | 'examine'>): Identify {
  const known = new WeakMap<TLSSocket, KnownPeer>();

  function peerOf(socket: TLSSocket): KnownPeer | undefined {
    const before = known.get(socket);
    const generation = access.generation();
    if (before?.generation === generation) return before;
    const chain = before?.chain ?? chainOf(socket);
    if (chain === undefined) return undefined;
    const client = before?.client ?? describe(chain.leaf);
    const peer = { client, chain, generation, judge: access.examine(chain) };
    known.set(socket, peer);
    return peer;
  }

  function connection(socket: Duplex): Identified {
    if (!(socket instanceof TLSSocket)) return refused('not a TLS connection');
    if (!socket.authorized) return refused(reasonOf(socket));
    const peer = peerOf(socket);
    if (peer === undefined) return refused('no client certificate was presented');
    const verdict = peer.judge();
    if (!verdict.allowed) return refused(verdict.reason);
    return { verified: true, client: peer.client, readOnly: verdict.readOnly };
  }

  return { connection, request: ({ socket }) => connection(socket) };
}

/** What a client gets that may read only and asked for more; undefined when it may go on. */
export function refuseWrite(who: Identified, method: string | undefined): Reply | undefined {
  if (!who.verified || !who.readOnly || method === 'GET' || method === 'HEAD') return undefined;
  return json(403, { message: 'Forbidden', details: 'this client certificate may only read (GET, HEAD)' });
}

function refused(reason: string): Identified {
  return { verified: false, reason };
}

// OpenSSL sends at most as many as it would follow.
const longestChain = 100;

function chainOf(socket: TLSSocket): PeerChain | undefined {
  const leaf = socket.getPeerX509Certificate();
  if (leaf === undefined) return undefined;
  const issuers: X509Certificate[] = [];
  // A resumed session has the leaf alone; a self-signed certificate may be its own issuer.
  for (
    let above = leaf.issuerCertificate;
    above !== undefined && issuers.length < longestChain;
    above = above.issuerCertificate
  ) {
    issuers.push(above);
  }
  return { leaf, issuers };
}

function describe(certificate: X509Certificate): ClientIdentity {
  return {
    subject: /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? '',
    serial: certificate.serialNumber,
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
  CERT_REVOKED: 'the client certificate, or a CA above it, is revoked',
  UNABLE_TO_GET_CRL: 'there is no revocation list of a CA of the client certificate, and every CA needs one',
  CRL_HAS_EXPIRED: 'a revocation list for the client certificate is past its date',
  CRL_NOT_YET_VALID: 'a revocation list for the client certificate is not yet valid',
  CRL_SIGNATURE_FAILURE:
    "a revocation list for the client certificate is not signed by that certificate's CA",
};

function reasonOf(socket: TLSSocket): string {
  if (socket.getPeerX509Certificate() === undefined) return 'no client certificate was presented';
  const error: unknown = socket.authorizationError;
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return reasons[code] ?? `the client certificate is refused: ${code}`;
}
