// The agent was killed, and then haproxy: nobody starts it again, and the VIP has to move without the agent.
import { kill } from '../amphora.mjs';

export const haproxyKilledWithoutAgent = {
  name: 'haproxy-killed-without-agent',
  title: 'agent, then haproxy killed',
  bound: { medianS: 3, worstS: 4 },
  async play({ pair, master, backup }) {
    await master.endAgent('SIGKILL');
    kill(master.haproxies(), 'SIGKILL');
    await pair.moved(backup);
    await master.startAgent();
  },
};
