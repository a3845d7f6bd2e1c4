// haproxy is killed with all its workers. The check sees it within two intervals; the agent starts it again by itself.
import { kill } from '../amphora.mjs';

export const haproxyKilled = {
  name: 'haproxy-killed',
  title: 'haproxy killed',
  bound: { medianS: 3, worstS: 4 },
  play: ({ master }) => kill(master.haproxies(), 'SIGKILL'),
};
