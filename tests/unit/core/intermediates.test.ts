// The memory of intermediates: bounded, and those in use stay.

import type { X509Certificate } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { createIntermediates } from '../../../agent/core/intermediates';

const certificate = (fingerprint256: string): X509Certificate => {
  const made: unknown = { fingerprint256 };
  return made as X509Certificate;
};

it('sixty-four intermediates are remembered, those longest out of use are forgotten first', () => {
  const intermediates = createIntermediates();
  intermediates.remember([certificate('in use'), certificate('out of use')]);
  for (let index = 0; index < 63; index += 1) {
    intermediates.remember([certificate(`number ${index}`)]);
    intermediates.remember([certificate('in use')]);
  }
  const names = intermediates.all().map(({ fingerprint256 }) => fingerprint256);
  expect(names).toHaveLength(64);
  expect(names).toContain('in use');
  expect(names).not.toContain('out of use');
});
