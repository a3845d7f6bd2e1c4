// keepalived is stopped by a call of the API: it takes leave of its peer.

export const keepalivedStopped = {
  name: 'keepalived-stopped',
  title: 'keepalived stopped',
  bound: { medianS: 1.5, worstS: 2.5 },
  async play({ pair, master, backup }) {
    await master.call('PUT', '/v0.1/vrrp/stop', undefined, 202);
    await pair.moved(backup);
    await master.call('PUT', '/v0.1/vrrp/start', undefined, 202);
  },
};
