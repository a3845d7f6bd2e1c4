// The lever of an operator: a file that makes the check fail. The VIP moves, and does not come back by itself, neither
// while the file is there nor after it is gone.
import { rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { nowMs } from '../client.mjs';

const watchMs = 4_000;

export const forceFail = {
  name: 'force-fail',
  title: 'planned failover (force-fail)',
  bound: { medianS: 1 },
  async play({ pair, master, backup }) {
    await moveBy(pair, master, backup);
    const movedAt = nowMs();
    await pair.settled();
    await sleep(watchMs);
    const { by } = pair.client.since(movedAt);
    if (by.join() !== backup.name)
      throw new Error(`the VIP came back by itself: ${by.join(' and ')} answered`);
  },
};

/** Moves the VIP away from its master with the lever, and lets the lever go. */
export async function moveBy(pair, master, backup) {
  const lever = master.vrrp('force-fail');
  writeFileSync(lever, '');
  try {
    await pair.moved(backup);
    await pair.until(`${master.name} to be in FAULT`, () => master.state() === 'FAULT');
  } finally {
    rmSync(lever, { force: true });
  }
}
