// The envelope, against what Octavia's own status_message.wrap_envelope makes of the same message.

import { describe, expect, it } from '@jest/globals';
import { unwrapEnvelope, wrapEnvelope } from '../../../agent/heartbeat/codec';

const message = { id: '7ee0a8b5-5c4c-4b2a-9d2c-8f0c8a4b1f11', seq: 1, listeners: {}, pools: {}, ver: 3 };
const payload =
  '78da3d8a4b0a80201400af226f9da0a664ddc6cf1304c9d26823debdb76a3733cc801ce160b0210a67bde126e8c0b5578eef51056e9308d6692f9394b030e878d32e894aee0f9ed83af99814ae5acb2f2f36c2757e064f1b38';
const macs = {
  insecure: 'e81bce65ec883cef251ccd745e4b71a803e1b4c50f6c4f6f1059c55e5909a9f3',
  schlüssel: '956aebc138829c489cfaf1ef70121644fbc219936d7f8ee98a022f46d2d473f7',
};
const octavias = (mac: string, form: 'hex' | 'raw'): Buffer =>
  Buffer.concat([
    Buffer.from(payload, 'hex'),
    form === 'raw' ? Buffer.from(mac, 'hex') : Buffer.from(mac, 'ascii'),
  ]);

describe('an envelope', () => {
  it.each([
    ['insecure', 'hex'],
    ['insecure', 'raw'],
    ['schlüssel', 'hex'],
    ['schlüssel', 'raw'],
  ] as const)('of Octavia, key %s, MAC in %s, is verified and read', (key, form) => {
    expect(unwrapEnvelope(octavias(macs[key], form), key)).toEqual(message);
  });

  it('of ours ends with the MAC in 64 lower-case hex digits, at any level of compression', () => {
    for (const level of [1, 9] as const) {
      const envelope = wrapEnvelope(JSON.stringify(message), 'k', level);
      expect(envelope.subarray(-64).toString()).toMatch(/^[0-9a-f]{64}$/);
      expect(unwrapEnvelope(envelope, 'k')).toEqual(message);
    }
  });

  it('of another key, changed, or too short is refused without a word of the key', () => {
    const envelope = wrapEnvelope('{}', 'the-key', 1);
    const unverified = expect.objectContaining({ kind: 'unauthorized' });
    expect(() => unwrapEnvelope(envelope, 'other')).toThrow(unverified);
    expect(() => unwrapEnvelope(envelope, 'other')).toThrow(expect.not.stringContaining('other'));
    envelope[3] = (envelope[3] ?? 0) ^ 1;
    expect(() => unwrapEnvelope(envelope, 'the-key')).toThrow(unverified);
    expect(() => unwrapEnvelope(Buffer.alloc(20), 'k')).toThrow(
      expect.objectContaining({ kind: 'invalid-input' }),
    );
  });

  it('that verifies and holds no JSON is refused', () => {
    expect(() => unwrapEnvelope(wrapEnvelope('nonsense', 'k', 1), 'k')).toThrow('not JSON');
  });
});
