// Who may call: chains, dates, revocation and names, judged by the clock at every request.

import { describe, expect, it } from '@jest/globals';
import { createClientAccess, type PeerChain } from '../../../agent/core/client-access';
import type { NameLists } from '../../../agent/core/client-names';
import type { Authority, ClientTrust } from '../../../agent/core/client-trust';
import { readRevocationLists } from '../../../agent/pki/crl';
import { rawFieldsOf } from '../../../agent/pki/raw-fields';
import { createHandClock } from '../../fakes/hand-clock';
import { crlCertificate, crlFixture } from '../../fixtures/crl/fixture';

const day = 86_400_000;
const midJanuary = Date.UTC(2026, 0, 15);
const noNames: NameLists = { allowed: [], readOnly: [] };
const authority = (name: string): Authority => {
  const certificate = crlCertificate(name);
  return { certificate, subject: rawFieldsOf(certificate).subject };
};
const trustIn = (authorities: readonly string[], lists?: readonly string[]): ClientTrust => ({
  authorities: authorities.map(authority),
  lists: lists?.flatMap((name) => readRevocationLists(crlFixture(`${name}.crl`))),
});
const peer = (name: string, ...issuers: readonly string[]): PeerChain => ({
  leaf: crlCertificate(name),
  issuers: issuers.map(crlCertificate),
});
const viaIntermediate = (name: string): PeerChain => peer(name, 'intermediate', 'root');
const both = ['root', 'intermediate'];

const judgeIn = (trust: ClientTrust, who: PeerChain, { now = midJanuary, names = noNames } = {}) => {
  const access = createClientAccess(createHandClock(now), names);
  access.trust(trust);
  return access.examine(who)();
};
const allowed = { allowed: true, readOnly: false };
const refusedFor = (reason: string) => ({ allowed: false, reason: expect.stringContaining(reason) });

describe('without revocation lists', () => {
  it.each([
    ['of the root', ['root'], peer('direct', 'root')],
    ['of an intermediate that it shows', ['root'], viaIntermediate('client')],
    ['of an intermediate that is configured', ['root', 'intermediate'], peer('client')],
    [
      'of a root that was renewed, both certificates configured',
      ['root-expired', 'root'],
      viaIntermediate('client'),
    ],
    ['among roots of the same name', ['stranger', 'root'], viaIntermediate('client')],
  ])('a client is let in: %s', (_what, authorities, who) => {
    expect(judgeIn(trustIn(authorities), who)).toEqual(allowed);
  });

  const notChained = 'does not chain to the configured CA';
  it.each([
    ['of another root with the same name', ['root'], peer('by-stranger', 'stranger'), notChained],
    ['of an intermediate that nobody has shown', ['root'], peer('client'), notChained],
    [
      'whose intermediate is configured, but not its root',
      ['intermediate'],
      peer('client', 'root'),
      notChained,
    ],
    ['before any authority is in force', [], viaIntermediate('client'), notChained],
    ['whose issuer is a client itself', ['root'], peer('by-direct', 'direct', 'root'), notChained],
    ['that is a server', ['root'], viaIntermediate('server'), 'is not meant for client authentication'],
    [
      'of a root that has expired',
      ['root-expired'],
      viaIntermediate('client'),
      'CN=CRL fixture root has expired',
    ],
  ])('a client is refused: %s', (_what, authorities, who, reason) => {
    expect(judgeIn(trustIn(authorities), who)).toEqual(refusedFor(reason));
  });

  it.each([
    ['before it begins', Date.UTC(2019, 11, 31), 'is not yet valid'],
    ['in its last second', Date.UTC(2026, 0, 10), 'has expired'],
  ])('a client is refused by its own dates: %s', (_what, now, reason) => {
    expect(judgeIn(trustIn(['root']), peer('expires', 'root'), { now })).toEqual(
      refusedFor(`the client certificate ${reason}`),
    );
  });
});

describe('with revocation lists', () => {
  it.each([
    ['with a list of every CA of its chain', both, viaIntermediate('client')],
    ['with the root’s alone', ['root'], peer('direct', 'root')],
    ['with lists of version 1', ['root-v1'], peer('direct', 'root')],
    ['with a list of a CA that nobody asked for', [...both, 'stranger'], viaIntermediate('client')],
    [
      'with the list of next week beside that of today',
      [...both, 'intermediate-later'],
      viaIntermediate('client'),
    ],
  ])('a client is let in: %s', (_what, lists, who) => {
    expect(judgeIn(trustIn(['root'], lists), who)).toEqual(allowed);
  });

  it.each([
    ['that is revoked', both, viaIntermediate('revoked'), 'the client certificate is revoked'],
    ['that is on hold', both, viaIntermediate('held'), 'the client certificate is revoked'],
    [
      'whose CA is revoked',
      ['root-revoking', 'intermediate'],
      viaIntermediate('client'),
      'the CA certificate CN=CRL fixture intermediate is revoked',
    ],
    [
      'without a list of its CA',
      ['root'],
      viaIntermediate('client'),
      'no revocation list of CN=CRL fixture intermediate',
    ],
    [
      'without a list of the root',
      ['intermediate'],
      viaIntermediate('client'),
      'no revocation list of CN=CRL fixture root',
    ],
    [
      'with a forged list of the root',
      ['stranger', 'intermediate'],
      viaIntermediate('client'),
      'no revocation list of CN=CRL fixture root',
    ],
    ['with no list at all', [], peer('direct', 'root'), 'no revocation list of CN=CRL fixture root'],
    [
      'with a list not yet begun alone',
      ['root', 'intermediate-later'],
      viaIntermediate('client'),
      'is not yet valid',
    ],
  ])('a client is refused: %s', (_what, lists, who, reason) => {
    expect(judgeIn(trustIn(['root'], lists), who)).toEqual(refusedFor(reason));
  });

  it('the newest list that has begun counts alone: who was on hold is back', () => {
    const trust = trustIn(['root'], ['root', 'intermediate', 'intermediate-later']);
    const held = viaIntermediate('held');
    expect(judgeIn(trust, held)).toEqual(refusedFor('revoked'));
    expect(judgeIn(trust, held, { now: midJanuary + 6 * day })).toEqual(allowed);
  });

  it('a list past its date refuses everybody', () => {
    expect(
      judgeIn(trustIn(['root'], both), viaIntermediate('client'), { now: Date.UTC(2026, 1, 1) }),
    ).toEqual(
      refusedFor(
        'the revocation list of CN=CRL fixture intermediate is past its date (2026-02-01T00:00:00.000Z)',
      ),
    );
  });
});

describe('an examination', () => {
  it('a wall clock that jumps either way refuses while it is wrong, and lets in again when it is set right', () => {
    const clock = createHandClock(midJanuary);
    const access = createClientAccess(clock, noNames);
    access.trust(trustIn(['root']));
    const verdict = access.examine(peer('direct', 'root'));
    const century = 36_525 * day;
    const afterJump = (ms: number): boolean => {
      clock.jumpWall(ms);
      return verdict().allowed;
    };
    expect([0, century, -century, -century, century].map(afterJump)).toEqual([
      true,
      false,
      true,
      false,
      true,
    ]);
  });

  it('follows the clock: certificate and list run out meanwhile', async () => {
    const clock = createHandClock(Date.UTC(2026, 0, 9));
    const access = createClientAccess(clock, noNames);
    access.trust(trustIn(['root'], both));
    const ending = access.examine(peer('expires', 'root'));
    const lasting = access.examine(viaIntermediate('client'));
    expect([ending().allowed, lasting().allowed]).toEqual([true, true]);
    await clock.advance(day);
    expect([ending().allowed, lasting().allowed]).toEqual([false, true]);
    await clock.advance(30 * day);
    expect([ending().allowed, lasting().allowed]).toEqual([false, false]);
    clock.jumpWall(-31 * day);
    expect([ending().allowed, lasting().allowed]).toEqual([true, true]);
  });

  it('of what cannot be read lets nobody in, and ends no agent', () => {
    const access = createClientAccess(createHandClock(midJanuary), noNames);
    access.trust(trustIn(['root'], both));
    const { leaf, issuers } = viaIntermediate('client');
    const odd = Object.create(leaf, { raw: { value: Buffer.alloc(3) } }) as PeerChain['leaf'];
    expect(access.examine({ leaf: odd, issuers })()).toEqual(refusedFor('cannot be read'));
  });

  it('of a resumed session, which shows no intermediates, takes those that were proven before', () => {
    const access = createClientAccess(createHandClock(midJanuary), noNames);
    access.trust(trustIn(['root'], both));
    const resumed = () => access.examine(peer('client'))();
    expect(resumed()).toEqual(refusedFor('does not chain'));
    access.examine(peer('by-stranger', 'stranger', 'intermediate'));
    expect(resumed()).toEqual(refusedFor('does not chain'));
    access.examine(viaIntermediate('client'));
    expect(resumed()).toEqual(allowed);
    expect(access.examine(peer('revoked'))()).toEqual(refusedFor('is revoked'));
  });
});

describe('the generation', () => {
  it('changes with authorities, lists and names, and only with them', () => {
    const access = createClientAccess(createHandClock(midJanuary), noNames);
    const generations = [
      () => access.trust(trustIn(['root'])),
      () => access.trust(trustIn(['root'])),
      () => access.trust(trustIn(['root', 'stranger'])),
      () => access.trust(trustIn(['root'], [])),
      () => access.trust(trustIn(['root'], ['root'])),
      () => access.trust(trustIn(['root'], ['root-revoking'])),
      () => access.name({ allowed: ['a'], readOnly: [] }),
      () => access.name({ allowed: ['a'], readOnly: [] }),
      () => access.name({ allowed: ['a'], readOnly: ['b'] }),
    ].map((change) => {
      const before = access.generation();
      change();
      return access.generation() - before;
    });
    expect(generations).toEqual([1, 0, 1, 1, 1, 1, 1, 0, 1]);
  });
});

describe('names', () => {
  const rights = (names: { allowed?: string[]; readOnly?: string[] }) =>
    judgeIn(trustIn(['root']), viaIntermediate('client'), { names: { ...noNames, ...names } });

  it.each([
    'controller',
    'controller.EXAMPLE.com',
    '2001:DB8:0::1',
    'ops@example.com',
    'spiffe://example.com/a',
  ])('a client may be meant by %s', (name) => {
    expect(rights({ allowed: ['other', name] })).toEqual(allowed);
    expect(rights({ readOnly: [name] })).toEqual({ allowed: true, readOnly: true });
  });

  it.each([
    'Controller',
    'control',
    '*.example.com',
    'example.com',
    '2001:db8::',
    'OPS@example.com',
    'CN=controller',
    '',
  ])('and not by %p', (name) => {
    expect(rights({ allowed: [name] })).toEqual(refusedFor('no name of the client certificate'));
  });

  it('who is on the list of readers may read, whatever else is listed, and never write', () => {
    expect(rights({ allowed: ['other'], readOnly: ['controller'] })).toEqual({
      allowed: true,
      readOnly: true,
    });
    expect(rights({ allowed: ['controller'], readOnly: ['ops@example.com'] })).toEqual({
      allowed: true,
      readOnly: true,
    });
  });

  it('a list of readers alone shuts nobody out', () => {
    expect(rights({ readOnly: ['other'] })).toEqual(allowed);
  });
});
