// Who has which port, among the load balancers of this machine.

import { describe, expect, it } from '@jest/globals';
import { createListenerRegistry } from '../../../agent/core/listener-registry';
import { readBinds } from '../../../agent/haproxy/binds';
import { parseListenerUuid } from '../../../agent/model/ids';

const first = parseListenerUuid('0a000000-0000-4000-8000-000000000001');
const second = parseListenerUuid('0b000000-0000-4000-8000-000000000002');
const binds = (...addresses: readonly string[]) =>
  readBinds(`listen a\n${addresses.map((address) => ` bind ${address}\n`).join('')}`, 'me');
const failure = 'Error starting haproxy';

describe('a port', () => {
  it('that another has is refused, naming line, address and holder', () => {
    const registry = createListenerRegistry();
    registry.reserve(first, binds('192.0.2.1:80'), failure).commit();
    expect(() => registry.reserve(second, binds('192.0.2.1:81', ':80'), failure)).toThrow(
      expect.objectContaining({
        kind: 'reload-failed',
        message: failure,
        detail: `line 3: *:80 is taken by listener ${first}`,
      }),
    );
  });

  it('is refused already while another is about to take it', () => {
    const registry = createListenerRegistry();
    registry.reserve(first, binds(':80'), failure);
    expect(() => registry.reserve(second, binds(':80'), failure)).toThrow(failure);
  });

  it('of a load balancer is its own to take again', () => {
    const registry = createListenerRegistry();
    registry.reserve(first, binds(':80'), failure).commit();
    expect(() => registry.reserve(first, binds(':80', ':81'), failure)).not.toThrow();
  });

  it('is free again when its holder lets go', () => {
    const registry = createListenerRegistry();
    registry.reserve(first, binds(':80'), failure).commit();
    registry.release(first);
    expect(() => registry.reserve(second, binds(':80'), failure)).not.toThrow();
  });

  it('is not taken by a refusal', () => {
    const registry = createListenerRegistry();
    registry.reserve(first, binds(':80'), failure).commit();
    expect(() => registry.reserve(second, binds(':80', ':81'), failure)).toThrow(failure);
    expect(() => registry.reserve(first, binds(':81'), failure)).not.toThrow();
  });
});

describe('a change', () => {
  const changing = () => {
    const registry = createListenerRegistry();
    registry.reserve(first, binds(':80'), failure).commit();
    return { registry, reservation: registry.reserve(first, binds(':81'), failure) };
  };
  const canTake = (registry: ReturnType<typeof createListenerRegistry>, address: string): boolean => {
    try {
      registry.reserve(second, binds(address), failure).cancel();
      return true;
    } catch {
      return false;
    }
  };

  it('holds both what was had and what is wanted', () => {
    const { registry } = changing();
    expect([canTake(registry, ':80'), canTake(registry, ':81')]).toEqual([false, false]);
  });

  it('that is done gives away what was had', () => {
    const { registry, reservation } = changing();
    reservation.commit();
    expect([canTake(registry, ':80'), canTake(registry, ':81')]).toEqual([true, false]);
  });

  it('that failed gives away what was wanted', () => {
    const { registry, reservation } = changing();
    reservation.cancel();
    expect([canTake(registry, ':80'), canTake(registry, ':81')]).toEqual([false, true]);
  });

  it('that failed of one that had nothing leaves it with nothing', () => {
    const registry = createListenerRegistry();
    registry.reserve(first, binds(':80'), failure).cancel();
    expect(canTake(registry, ':80')).toBe(true);
  });

  it('of all ports of two addresses is judged at once', () => {
    const registry = createListenerRegistry();
    registry.reserve(first, binds('192.0.2.1:1-65535'), failure).commit();
    expect(canTake(registry, '192.0.2.2:1-65535')).toBe(true);
    expect(canTake(registry, '192.0.2.1:65535')).toBe(false);
  });

  it('that would take more ports than are kept in mind for all is refused with the figures', () => {
    const registry = createListenerRegistry();
    for (let n = 1; n <= 4; n += 1) {
      const id = parseListenerUuid(`0a000000-0000-4000-8000-00000000000${n}`);
      registry.reserve(id, binds(`192.0.2.${n}:1-65535`), failure).commit();
    }
    expect(() => registry.reserve(second, binds('192.0.2.9:1-9'), failure)).toThrow(
      expect.objectContaining({
        kind: 'reload-failed',
        detail: expect.stringContaining('262149 addresses and ports, at most 262144'),
      }),
    );
    expect(() => registry.reserve(second, binds('192.0.2.9:1-4'), failure)).not.toThrow();
  });
});
