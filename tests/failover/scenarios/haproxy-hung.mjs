// haproxy is stopped with all its workers: the kernel goes on accepting connections, nobody answers them.
import { kill } from '../amphora.mjs';

export const haproxyHung = {
  name: 'haproxy-hung',
  title: 'haproxy hung (SIGSTOP)',
  bound: { medianS: 4, worstS: 5 },
  async play({ pair, master, backup }) {
    const pids = master.haproxies();
    kill(pids, 'SIGSTOP');
    try {
      await pair.moved(backup);
    } finally {
      kill(pids, 'SIGCONT');
    }
  },
};
