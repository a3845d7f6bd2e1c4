// What a pair derives from what both of its members are told: the number of their group and the password in its
// announcements, which keepalived cuts at 8 characters. Source: contract/vrrp.md section 6.

import { createHash } from 'node:crypto';
import type { Ip } from '../model/ip';

/** Derives the virtual router id, 1 to 255, from the address that the pair shares. */
export function virtualRouterIdOf(haIp: Ip): number {
  // 256 leaves 1 when divided by 255, so that the digest as one number leaves what the sum of its bytes does.
  const digest = createHash('sha256').update(haIp.text).digest();
  return 1 + (digest.reduce((sum, byte) => sum + byte, 0) % 255);
}

/** Derives the password from a secret of any length: whole secrets count, not their first 8 characters. */
export function vrrpPassword(secret: string): string {
  return createHash('sha256').update(secret).digest('hex').slice(0, 8);
}
