// The network is brought back from the command line while all is well: who stands by must not get the VIP by it.

export const networkRestored = {
  name: 'network-restored',
  title: 'amphorad network restore on both',
  stays: true,
  async play({ pair, master }) {
    for (const amphora of pair.amphorae) {
      amphora.run('network', 'restore');
      const all = await pair.holders();
      if (all.length !== 1 || all[0] !== master) {
        throw new Error(`after it ${all.map(({ name }) => name).join(' and ') || 'nobody'} had the VIP`);
      }
    }
  },
};
