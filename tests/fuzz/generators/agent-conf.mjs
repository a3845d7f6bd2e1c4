// agent.conf through the program: `amphorad check` ends with 0 or 78 and never with a stack trace.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launcher } from '../../../scripts/demo/agent.mjs';
import { hostileAgentConf } from '../agent-conf-text.mjs';
import { runProgram } from '../run-program.mjs';

const deadlineMs = 30_000;

/** The generator. */
export const agentConf = {
  name: 'agent-conf',
  share: 1,
  atOnce: 2,
  make: (random, { pure }) => ({ input: hostileAgentConf(random, pure.options), isLocal: random.oneIn(3) }),
  async run({ input, isLocal }, { scratch }) {
    const directory = mkdtempSync(join(scratch, 'conf-'));
    try {
      const file = join(directory, 'agent.conf');
      const local = join(directory, 'local.conf');
      writeFileSync(file, isLocal ? '' : input);
      writeFileSync(local, isLocal ? input : '');
      const argv = [launcher, 'check', '--config-file', file, '--local-config', local];
      const { status, stderr } = await runProgram(argv, { deadlineMs });
      const faults = [];
      if (status !== 0 && status !== 78)
        faults.push(`amphorad check ended with ${status}: ${stderr.slice(0, 500)}`);
      if (/^ +at .*:\d+:\d+/m.test(stderr)) faults.push(`a stack trace: ${stderr.slice(0, 500)}`);
      return { outcome: `exit ${status}`, faults };
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
};
