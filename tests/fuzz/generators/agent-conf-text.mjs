// In-process: the loader of agent.conf. Whatever the file, the answer is a configuration or a list of problems.
import { hostileAgentConf } from '../agent-conf-text.mjs';

const path = '/etc/octavia/amphora-agent.conf';
const local = '/etc/amphorad/local.conf';

/** The generator. */
export const agentConfText = {
  name: 'agent-conf-text',
  isPure: true,
  share: 1,
  make: (random, { pure }) => ({ input: hostileAgentConf(random, pure.options), isLocal: random.oneIn(3) }),
  async run({ input, isLocal }, { pure }) {
    const texts = new Map([
      [path, isLocal ? '' : input.toString('utf8')],
      [local, isLocal ? input.toString('utf8') : ''],
    ]);
    const files = {
      readHostText: (wanted) => Promise.resolve(texts.get(wanted)),
      stat: (wanted) => Promise.resolve(texts.has(wanted) ? { kind: 'file' } : undefined),
      list: () => Promise.resolve([]),
    };
    const sources = {
      configFiles: [path],
      configDirs: [],
      localFiles: [{ path: local, required: false }],
      environment: {},
    };
    const loaded = await pure.loadConfig(sources, files);
    const told = [...loaded.warnings, ...(loaded.ok ? [] : loaded.problems)].map(pure.formatProblem);
    const faults = told
      .filter((line) => /[\0-\x08\x0a-\x1f\x7f]/.test(line))
      .map((line) => `a problem that is no one line: ${JSON.stringify(line.slice(0, 300))}`);
    if (!loaded.ok && loaded.problems.length === 0) faults.push('refused without a problem');
    if (loaded.ok) pure.renderReport(pure.reportConfig(loaded));
    return { outcome: loaded.ok ? 'accepted' : 'refused', faults: faults.slice(0, 3) };
  },
};
