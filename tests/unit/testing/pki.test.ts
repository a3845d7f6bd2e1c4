// The throw-away PKI, read by Node: chains, names and usages as the agent and its clients ask for them.

import { X509Certificate, createPrivateKey } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { makePki } from '../../../agent/testing/pki';
import type { KeyPair } from '../../../agent/testing/certificates';

const amphoraId = '3a7e4b52-9d0c-4f15-8b6e-2c1d5e9f7a01';
const pki = makePki();
const server = pki.issueServer(amphoraId);
const read = ({ certificatePem }: KeyPair): X509Certificate => new X509Certificate(certificatePem);

describe('a throw-away PKI', () => {
  it('has an authority that signs, and nothing else does', () => {
    const ca = read(pki.ca);
    expect(ca.ca).toBe(true);
    expect(ca.verify(ca.publicKey)).toBe(true);
    for (const pair of [server, pki.client, pki.issueClient('reader')]) {
      const leaf = read(pair);
      expect(leaf.ca).toBe(false);
      expect(leaf.verify(ca.publicKey)).toBe(true);
      expect(leaf.checkIssued(ca)).toBe(true);
      expect(leaf.checkPrivateKey(createPrivateKey(pair.keyPem))).toBe(true);
    }
    expect(read(makePki().client).verify(ca.publicKey)).toBe(false);
  });

  it('names the amphora by id, localhost and address, for servers only', () => {
    const leaf = read(server);
    expect(leaf.subject).toBe(`CN=${amphoraId}`);
    expect(leaf.subjectAltName).toBe(`DNS:${amphoraId}, DNS:localhost, IP Address:127.0.0.1`);
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(read(pki.client).keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  });

  it('gives every certificate its own key and serial', () => {
    const all = [pki.ca, pki.client, server, pki.issueServer(amphoraId)];
    expect(new Set(all.map((pair) => read(pair).serialNumber)).size).toBe(4);
    expect(new Set(all.map(({ keyPem }) => keyPem)).size).toBe(4);
  });

  it('is valid now and for some weeks, not for years', () => {
    const leaf = read(server);
    expect(Date.parse(leaf.validFrom)).toBeLessThan(Date.now());
    const daysLeft = (Date.parse(leaf.validTo) - Date.now()) / 86_400_000;
    expect(Math.round(daysLeft)).toBe(30);
  });
});
