// Who the peer of a request is, after a handshake that let everybody through.

import { X509Certificate } from 'node:crypto';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { describe, expect, it } from '@jest/globals';
import type { PeerChain, Verdict } from '../../../agent/core/client-access';
import { createIdentify, refuseWrite, type Identified } from '../../../agent/http/identity';
import { pkiFixture as fixture } from '../../fixtures/pki/fixture';

const certificate = new X509Certificate(fixture('ec.crt'));

/** A request on a TLS connection whose handshake came out as told. */
const requestOver = (
  facts: { authorized: boolean; authorizationError?: unknown },
  peer?: X509Certificate,
): IncomingMessage => {
  const socket: unknown = Object.create(TLSSocket.prototype, {
    authorized: { value: facts.authorized },
    authorizationError: { value: facts.authorizationError },
    getPeerX509Certificate: { value: () => peer },
  });
  return Object.create(IncomingMessage.prototype, { socket: { value: socket } }) as IncomingMessage;
};
/** An access that lets everybody in until it is told otherwise, and counts its examinations. */
const createAccess = (verdict: Verdict = { allowed: true, readOnly: false }) => {
  const access = {
    current: 0,
    examined: [] as PeerChain[],
    verdict,
    generation: () => access.current,
    examine: (peer: PeerChain) => {
      access.examined.push(peer);
      return () => access.verdict;
    },
  };
  return access;
};
const judge = (request: IncomingMessage, access = createAccess()) => createIdentify(access).request(request);

describe('a peer', () => {
  it('with a verified certificate is known by name and serial', () => {
    expect(judge(requestOver({ authorized: true }, certificate))).toEqual({
      verified: true,
      client: { subject: 'www.example.com', serial: certificate.serialNumber },
      readOnly: false,
    });
  });

  it('without a common name is known by serial', () => {
    const nameless = new X509Certificate(fixture('ec-nameless.crt'));
    expect(judge(requestOver({ authorized: true }, nameless))).toMatchObject({
      verified: true,
      client: { subject: '', serial: nameless.serialNumber },
    });
  });

  it('is examined once with all it has shown, and judged at every request', () => {
    const access = createAccess();
    const identify = createIdentify(access);
    const issuer = new X509Certificate(fixture('intermediate.crt'));
    const leaf = Object.create(certificate, { issuerCertificate: { value: issuer } }) as X509Certificate;
    Object.defineProperty(leaf, 'subject', { value: certificate.subject });
    Object.defineProperty(leaf, 'serialNumber', { value: certificate.serialNumber });
    const request = requestOver({ authorized: true }, leaf);
    expect(identify.request(request).verified).toBe(true);
    access.verdict = { allowed: false, reason: 'the client certificate is revoked' };
    expect(identify.request(request)).toEqual({
      verified: false,
      reason: 'the client certificate is revoked',
    });
    expect(access.examined).toEqual([{ leaf, issuers: [issuer] }]);
  });

  it('is examined anew when what is in force has changed', () => {
    const access = createAccess();
    const identify = createIdentify(access);
    const request = requestOver({ authorized: true }, certificate);
    identify.request(request);
    access.current = 1;
    identify.connection(request.socket);
    identify.connection(request.socket);
    expect(access.examined).toHaveLength(2);
  });

  it('whom the handshake refused is not examined at all', () => {
    const access = createAccess();
    judge(requestOver({ authorized: false, authorizationError: 'CERT_HAS_EXPIRED' }, certificate), access);
    expect(access.examined).toEqual([]);
  });

  it.each([
    ['nothing', undefined, undefined, 'no client certificate was presented'],
    ['a certificate of another CA', certificate, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'does not chain'],
    ['an expired one', certificate, 'CERT_HAS_EXPIRED', 'has expired'],
    ['a self-signed one', certificate, 'DEPTH_ZERO_SELF_SIGNED_CERT', 'is self-signed'],
    ['a server’s', certificate, Object.assign(new Error('x'), { code: 'INVALID_PURPOSE' }), 'not meant for'],
    ['a revoked one', certificate, 'CERT_REVOKED', 'is revoked'],
    ['one without its list', certificate, 'UNABLE_TO_GET_CRL', 'every CA needs one'],
    ['one with an old list', certificate, 'CRL_HAS_EXPIRED', 'past its date'],
    ['something odd', certificate, 'CERT_ODD', 'is refused: CERT_ODD'],
  ])('that shows %s is refused with a reason for operators', (_what, peer, authorizationError, words) => {
    expect(judge(requestOver({ authorized: false, authorizationError }, peer))).toEqual({
      verified: false,
      reason: expect.stringContaining(words),
    });
  });

  it('without a certificate is refused even when the handshake calls it authorized', () => {
    expect(judge(requestOver({ authorized: true })).verified).toBe(false);
  });

  it('without TLS is refused', () => {
    expect(judge(new IncomingMessage(new Socket()))).toEqual({
      verified: false,
      reason: 'not a TLS connection',
    });
  });
});

describe('a reader', () => {
  const client = { subject: 'viewer', serial: '01' };
  const who = (readOnly: boolean): Identified => ({ verified: true, client, readOnly });

  it.each(['GET', 'HEAD'])('may %s', (method) => expect(refuseWrite(who(true), method)).toBeUndefined());

  it.each(['PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS', undefined])('may not %s: 403', (method) => {
    expect(refuseWrite(who(true), method)).toEqual({
      status: 403,
      body: { json: { message: 'Forbidden', details: expect.stringContaining('may only read') } },
    });
    expect(refuseWrite(who(false), method)).toBeUndefined();
  });
});
