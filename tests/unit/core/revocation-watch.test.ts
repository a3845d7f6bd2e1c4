// Told in time: lists that run out, ran out, have not begun or are missing.

import { describe, expect, it } from '@jest/globals';
import type { ClientTrust } from '../../../agent/core/client-trust';
import { createRevocationWatch, revocationFindings } from '../../../agent/core/revocation-watch';
import { readRevocationLists } from '../../../agent/pki/crl';
import { rawFieldsOf } from '../../../agent/pki/raw-fields';
import { createHandClock } from '../../fakes/hand-clock';
import { createRecordedLog } from '../../fakes/recorded-log';
import { crlCertificate, crlFixture } from '../../fixtures/crl/fixture';

const day = 86_400_000;
const end = Date.UTC(2026, 1, 1);
const trustIn = (lists?: readonly string[]): ClientTrust => {
  const certificate = crlCertificate('root');
  return {
    authorities: [{ certificate, subject: rawFieldsOf(certificate).subject }],
    lists: lists?.flatMap((name) => readRevocationLists(crlFixture(`${name}.crl`))),
  };
};
const found = (now: number, lists?: readonly string[]) =>
  revocationFindings(trustIn(lists), now).map(({ check, severity, what }) => [check, severity, what]);

describe('what is found', () => {
  it('nothing while a list is good for more than a week', () => {
    expect(found(end - 7 * day - 1, ['root'])).toEqual([]);
  });

  it('nothing without lists', () => {
    expect(found(end)).toEqual([]);
  });

  it('a list that runs out within a week', () => {
    expect(found(end - 7 * day, ['root'])).toEqual([
      [
        'client-crl',
        'warning',
        'The revocation list of CN=CRL fixture root is good until 2026-02-01T00:00:00.000Z.',
      ],
    ]);
  });

  it('a list that ran out', () => {
    expect(found(end, ['root'])).toEqual([
      [
        'client-crl',
        'error',
        'The revocation list of CN=CRL fixture root was good until 2026-02-01T00:00:00.000Z.',
      ],
    ]);
  });

  it('a list that has not begun', () => {
    expect(found(Date.UTC(2025, 11, 31), ['root'])).toEqual([
      [
        'client-crl',
        'error',
        'The revocation list of CN=CRL fixture root is not valid before 2026-01-01T00:00:00.000Z.',
      ],
    ]);
  });

  it('only what the newest list says of its CA', () => {
    expect(found(end, ['root', 'intermediate', 'intermediate-later'])).toEqual([
      ['client-crl', 'error', expect.stringContaining('CN=CRL fixture root was good until')],
    ]);
  });

  it('a CA without a list', () => {
    expect(found(end - 20 * day, ['intermediate'])).toEqual([
      ['client-crl', 'error', 'There is no revocation list of CN=CRL fixture root.'],
    ]);
  });
});

describe('the log', () => {
  it('is told once a day, and at once when it becomes worse', async () => {
    const clock = createHandClock(end - 9 * day);
    const log = createRecordedLog();
    const watch = createRevocationWatch({ clock, log }, () =>
      revocationFindings(trustIn(['root']), clock.now()),
    );
    const aborter = new AbortController();
    watch.start(aborter.signal);
    await clock.advance(2 * day - 1);
    expect(log.entries).toEqual([]);
    await clock.advance(day);
    expect(log.messages('warning')).toHaveLength(1);
    watch.remind();
    expect(log.messages('warning')).toHaveLength(1);
    await clock.advance(6 * day + 1);
    expect(log.messages('warning')).toHaveLength(7);
    expect(log.messages('error')).toEqual([
      'The revocation list of CN=CRL fixture root was good until 2026-02-01T00:00:00.000Z.',
    ]);
    aborter.abort();
    expect(clock.pending()).toBe(0);
  });
});
