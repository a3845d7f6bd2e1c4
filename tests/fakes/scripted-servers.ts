// The servers of one haproxy worker by script: those that its texts configure, as an operator has changed them since.
// Its table has the columns of 2.6.12 that the agent reads.

export interface ScriptedServers {
  /** What the worker answers; undefined when the command is not about servers. */
  answer(command: string): string | undefined;
}

interface Server {
  readonly backend: string;
  readonly name: string;
  readonly address: string;
  readonly port: string;
  readonly configuredWeight: number;
  weight: number;
  adminState: number;
}

const columns =
  '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_port';
const forced: Readonly<Record<string, number>> = { ready: 0x00, maint: 0x01, drain: 0x08 };
const configuredMaintenance = 0x04;

/** Makes the servers of a worker that was started with `texts`. */
export function createScriptedServers(texts: readonly string[]): ScriptedServers {
  const servers = readServers(texts);

  const set = (which: string, what: string, value: string): string => {
    const server = servers.find(({ backend, name }) => `${backend}/${name}` === which);
    if (server === undefined) return 'No such server.\n';
    const bits = forced[value];
    if (what === 'weight') {
      if (Number(value) > 256) return 'Absolute weight can only be between 0 and 256 inclusive.\n\n';
      server.weight = Number(value);
    } else if (bits !== undefined) {
      server.adminState = (server.adminState & configuredMaintenance) | bits;
    }
    return '\n';
  };

  return {
    answer(command) {
      const [, which = '', what = '', value = ''] =
        /^set server (\S+) (state|weight) (\S+)$/.exec(command) ?? [];
      if (which !== '') return set(which, what, value);
      return command === 'show servers state'
        ? `1\n${[columns, ...servers.map(row)].join('\n')}\n\n`
        : undefined;
    },
  };
}

function row(server: Server): string {
  const { backend, name, address, port, adminState, weight, configuredWeight } = server;
  return `1 ${backend} 1 ${name} ${address} 2 ${adminState} ${weight} ${configuredWeight} ${port}`;
}

// Only what tests write: `server <name> <address>:<port> [weight <n>] [disabled]`.
function readServers(texts: readonly string[]): readonly Server[] {
  let backend = '';
  return texts
    .join('\n')
    .split('\n')
    .flatMap((line) => {
      const words = line.trim().split(/\s+/);
      if (words[0] === 'backend' || words[0] === 'listen') backend = words[1] ?? '';
      if (words[0] !== 'server') return [];
      const [address = '', port = ''] = (words[2] ?? '').split(':');
      const configuredWeight = Number(words[words.indexOf('weight') + 1]) || 1;
      const name = words[1] ?? '';
      const adminState = words.includes('disabled') ? configuredMaintenance | 0x01 : 0;
      return [{ backend, name, address, port, configuredWeight, weight: configuredWeight, adminState }];
    });
}
