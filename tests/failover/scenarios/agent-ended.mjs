// The agents are killed, or restarted: nothing of the traffic depends on them.

const again = (how) =>
  async function play({ pair }) {
    for (const amphora of pair.amphorae) {
      await amphora.endAgent(how);
      await amphora.startAgent();
    }
  };

export const agentKilled = {
  name: 'agent-killed',
  title: 'agents killed (-9) and started',
  stays: true,
  play: again('SIGKILL'),
};

export const agentRestarted = {
  name: 'agent-restarted',
  title: 'agents restarted (SIGTERM)',
  stays: true,
  play: again('SIGTERM'),
};
