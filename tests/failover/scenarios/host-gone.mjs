// The machine of an amphora is gone: its links are cut and all of it is killed. Another is booted in its place, from the
// same disk.

const play = async ({ pair, master, backup }) => {
  await pair.network.cut(master.node);
  await master.die();
  await pair.until(`${backup.name} has the VIP`, () => backup.holdsVip());
  await pair.until('the VIP answers', () => pair.client.isServed(2_000));
  await master.boot();
};

export const hostGone = { name: 'host-gone', title: 'host gone', bound: { medianS: 4, worstS: 5 }, play };

export const hostGoneSubSecond = {
  name: 'host-gone-sub-second',
  title: 'host gone, advert_interval 0.3',
  bound: { medianS: 1.5 },
  prepare: ({ pair }) => pair.topology({ advert_interval: 0.3 }),
  play,
  finish: ({ pair }) => pair.topology({}),
};
