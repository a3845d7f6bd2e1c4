// Until when the agent's certificate and those that clients are judged by are good.

import { describe, expect, it } from '@jest/globals';
import { certificateDates } from '../../../agent/core/certificate-dates';
import { readRevocationLists } from '../../../agent/pki/crl';
import { rawFieldsOf } from '../../../agent/pki/raw-fields';
import { crlCertificate, crlFixture } from '../../fixtures/crl/fixture';

const certificate = crlCertificate('root');
const authorities = [{ certificate, subject: rawFieldsOf(certificate).subject }];
const identity = { key: '', certificates: certificate.toString(), clientCa: '', clientCrls: [] };

describe('the dates of what is in force', () => {
  it('are those of the certificates', () => {
    expect(certificateDates({ ...identity, clientTrust: { authorities, lists: undefined } })).toEqual({
      serverFromMs: Date.parse(certificate.validFrom),
      serverUntilMs: Date.parse(certificate.validTo),
      clientCaUntilMs: Date.parse(certificate.validTo),
      clientCrlUntilMs: undefined,
    });
  });

  it('are those of the newest list of each issuer', () => {
    const [list] = readRevocationLists(crlFixture('root.crl'));
    const lists = [list!, { ...list!, nextUpdateMs: 1 }];
    const { clientCrlUntilMs } = certificateDates({ ...identity, clientTrust: { authorities, lists } });
    expect(clientCrlUntilMs).toBe(list!.nextUpdateMs);
    const others = [...lists, { ...list!, issuer: 'another', nextUpdateMs: 2 }];
    expect(
      certificateDates({ ...identity, clientTrust: { authorities, lists: others } }).clientCrlUntilMs,
    ).toBe(2);
  });

  it('have none where nobody vouches for clients', () => {
    const none = certificateDates({ ...identity, clientTrust: { authorities: [], lists: undefined } });
    expect(none.clientCaUntilMs).toBeUndefined();
  });
});
