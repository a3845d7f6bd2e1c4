// Ids from the wire.

import { describe, expect, it } from '@jest/globals';
import {
  isUuid,
  parseAmphoraId,
  parseListenerUuid,
  parseLoadBalancerId,
  quote,
} from '../../../agent/model/ids';

const uuid = '0a0000ff-0000-4000-8000-0000000000fe';

describe('an id', () => {
  it('is taken in any case and kept in lower case', () => {
    expect(parseListenerUuid(uuid.toUpperCase())).toBe(uuid);
    expect(parseAmphoraId(uuid)).toBe(uuid);
    expect(isUuid(uuid.toUpperCase())).toBe(true);
  });

  it.each([
    '',
    '..',
    `${uuid}/..`,
    ` ${uuid}`,
    `${uuid}\n`,
    uuid.slice(1),
    uuid.replaceAll('-', ''),
    `{${uuid}}`,
    uuid.replace('a', 'g'),
    `urn:uuid:${uuid}`,
  ])('is not %j', (text) => {
    expect(isUuid(text)).toBe(false);
    for (const [parse, field] of [
      [parseAmphoraId, 'amphora_id'],
      [parseListenerUuid, 'listener'],
    ] as const) {
      expect(() => parse(text)).toThrow(
        expect.objectContaining({
          kind: 'invalid-input',
          message: 'Invalid request',
          detail: `${field}: expected a UUID, got ${quote(text)}`,
        }),
      );
    }
  });

  it('that is refused names the field it stood in', () => {
    expect(() => parseListenerUuid('x', 'loadbalancer')).toThrow(
      expect.objectContaining({ detail: 'loadbalancer: expected a UUID, got "x"' }),
    );
  });
});

describe('the id of a load balancer', () => {
  it.each(['a', '0', '_', '-rf', 'lb.one_1', uuid, uuid.toUpperCase(), 'x'.repeat(64), '__proto__'])(
    'may be %j, in its own letter case',
    (text) => {
      expect(parseLoadBalancerId(text)).toBe(text);
    },
  );

  it.each(['', '.', '..', '.a', 'a/b', 'a b', 'a\n', 'é', 'x'.repeat(65), 'lost+found', '%2e'])(
    'is not %j',
    (text) => {
      expect(() => parseLoadBalancerId(text)).toThrow(
        expect.objectContaining({
          kind: 'invalid-input',
          detail: `loadbalancer_id: expected up to 64 letters, digits, "_", "." and "-", no dot first, got ${quote(text)}`,
        }),
      );
    },
  );

  it.each([
    ...['certs', 'vrrp', 'lvs', 'interfaces', 'plugged_interfaces', 'agent', 'haproxy', 'keepalived'],
    ...['a.sock', 'a.pid', 'a.tmp', 'haproxy.cfg', 'state.json', 'STATE.JSON', 'www.example.com.pem'],
    ...['ping-wrapper.sh', 'a.removed', 'a.bak'],
  ])('is not %j, which stands for something else', (text) => {
    expect(() => parseLoadBalancerId(text)).toThrow(
      expect.objectContaining({
        detail: expect.stringContaining('is the name of something else') as unknown,
      }),
    );
  });
});

describe('quoted wire text', () => {
  it('shows control characters and no more than 80 letters', () => {
    expect(quote('a\n\u001b"b')).toBe(String.raw`"a\n\u001b\"b"`);
    expect(quote('\u007f\u009b2J\u2028é')).toBe(String.raw`"\u007f\u009b2J\u2028é"`);
    expect(quote('x'.repeat(80))).toBe(`"${'x'.repeat(80)}"`);
    expect(quote('x'.repeat(81))).toBe(`"${'x'.repeat(80)}…"`);
  });
});
