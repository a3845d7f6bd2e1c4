// keepalived is killed, parent and child: it leaves the address on its interface, and the peer takes it too. The agent
// takes it off.
import { setTimeout as sleep } from 'node:timers/promises';
import { kill } from '../amphora.mjs';

const graceMs = 5_000;

export const keepalivedKilled = {
  name: 'keepalived-killed',
  title: 'keepalived killed (-9)',
  bound: {},
  async play({ pair, master }) {
    kill(master.keepalived(), 'SIGKILL');
    await sleep(graceMs);
    const all = await pair.holders();
    if (all.length !== 1) {
      const who = all.map(({ name }) => name).join(' and ') || 'nobody';
      throw new Error(`${graceMs / 1_000} s after keepalived was killed ${who} had the VIP`);
    }
  },
};
