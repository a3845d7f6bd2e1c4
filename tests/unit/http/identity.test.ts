// Who the peer of a request is, after a handshake that let everybody through.

import { X509Certificate } from 'node:crypto';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { describe, expect, it } from '@jest/globals';
import { createIdentify } from '../../../agent/http/identity';
import { createHandClock } from '../../fakes/hand-clock';
import { pkiFixture as fixture } from '../../fixtures/pki/fixture';

const day = 86_400_000;
const certificate = new X509Certificate(fixture('ec.crt'));
const expires = Date.parse(certificate.validTo);

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
const judge = (request: IncomingMessage, clock = createHandClock(Date.UTC(2026, 0, 15))) =>
  createIdentify(clock)(request);

describe('a peer', () => {
  it('with a verified certificate is known by name and serial', () => {
    expect(judge(requestOver({ authorized: true }, certificate))).toEqual({
      verified: true,
      client: { subject: 'www.example.com', serial: certificate.serialNumber },
    });
  });

  it('without a common name is known by serial', () => {
    const nameless = new X509Certificate(fixture('ec-nameless.crt'));
    expect(judge(requestOver({ authorized: true }, nameless))).toMatchObject({
      verified: true,
      client: { subject: '', serial: nameless.serialNumber },
    });
  });

  it('is refused when its certificate ends while the connection goes on', async () => {
    const clock = createHandClock(expires - day);
    const identify = createIdentify(clock);
    const request = requestOver({ authorized: true }, certificate);
    expect(identify(request).verified).toBe(true);
    await clock.advance(2 * day);
    expect(identify(request)).toEqual({
      verified: false,
      reason: 'the client certificate is not valid now',
    });
  });

  it('is refused before its certificate begins', () => {
    const clock = createHandClock(Date.parse(certificate.validFrom) - day);
    expect(judge(requestOver({ authorized: true }, certificate), clock).verified).toBe(false);
  });

  it.each([
    ['nothing', undefined, undefined, 'no client certificate was presented'],
    ['a certificate of another CA', certificate, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'does not chain'],
    ['an expired one', certificate, 'CERT_HAS_EXPIRED', 'has expired'],
    ['a self-signed one', certificate, 'DEPTH_ZERO_SELF_SIGNED_CERT', 'is self-signed'],
    ['a server’s', certificate, Object.assign(new Error('x'), { code: 'INVALID_PURPOSE' }), 'not meant for'],
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
