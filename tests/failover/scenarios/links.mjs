// The machine lives and its network does not: its links go down, or they stay up and nothing passes, so that both hold
// the VIP until they see each other again.

const graceMs = 2_000;

export const linksDown = {
  name: 'links-down',
  title: 'links down, then up',
  bound: { medianS: 4, worstS: 5 },
  async play({ pair, master, backup }) {
    await pair.network.cut(master.node);
    await pair.moved(backup);
    await pair.until('the VIP answers', () => pair.client.isServed(graceMs));
    await pair.network.mend(master.node);
  },
};

export const partition = {
  name: 'partition',
  title: 'nothing passes, then all does',
  bound: { medianS: 4, worstS: 5 },
  async play({ pair, master, backup }) {
    await pair.network.block(master.node);
    await pair.until('both have the VIP', async () => (await pair.holders()).length === pair.amphorae.length);
    await pair.until(`${backup.name} answers`, () => pair.client.isServed(graceMs));
    await pair.network.unblock(master.node);
  },
};
