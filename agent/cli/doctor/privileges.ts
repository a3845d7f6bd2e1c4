// What the agent's process may do: bits of capabilities(7) beyond those that plug ports, and no_new_privs. Of the agent
// that runs, else of this process: an agent that is started now would get the same. Source: proc_pid_status(5).

import type { Finding } from '../../model/finding';
import { found, type Check, type Patient } from './check';

export const privilegeChecks: readonly Check[] = [{ name: 'privileges', look: privileges }];

interface Right {
  readonly name: string;
  readonly bit: bigint;
  readonly why: string;
}

// As root: a container that drops one of these runs until it is needed.
const wanted: readonly Right[] = [
  { name: 'CAP_SETGID', bit: 6n, why: 'haproxy cannot become nobody: it does not start.' },
  { name: 'CAP_SETUID', bit: 7n, why: 'haproxy cannot become nobody: it does not start.' },
  { name: 'CAP_KILL', bit: 5n, why: 'haproxies that have become nobody cannot be reloaded or ended.' },
  { name: 'CAP_NET_BIND_SERVICE', bit: 10n, why: 'Listeners on ports below 1024 do not start.' },
  { name: 'CAP_NET_RAW', bit: 13n, why: 'keepalived can neither speak VRRP nor announce an address.' },
];

async function privileges({ agent, host }: Patient): Promise<readonly Finding[]> {
  const status = (await host.files.readHostText(`/proc/${agent?.pid ?? 'self'}/status`)) ?? '';
  const user = /^Uid:\s+\d+\s+(\d+)/m.exec(status)?.[1];
  const hex = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  if (user !== '0' || hex === undefined) return isBound(status) ? [noNewPrivileges] : [];
  const effective = BigInt(`0x${hex}`);
  return wanted
    .filter(({ bit }) => ((effective >> bit) & 1n) === 0n)
    .map(({ name, why }) =>
      found('privileges', 'warning', {
        what: `The agent is root without ${name}`,
        why,
        todo: `Let its unit or container keep it: CapabilityBoundingSet=, --cap-add ${name.slice(4)}.`,
      }),
    );
}

function isBound(status: string): boolean {
  return /^NoNewPrivs:\s*1$/m.test(status);
}

const noNewPrivileges = found('privileges', 'warning', {
  what: 'The agent is not root, and no_new_privs is set for it',
  why: 'Programs with capabilities of their own, such as ping, run without them: members of PING monitors show DOWN.',
  todo: 'Remove NoNewPrivileges= from its unit, or --security-opt no-new-privileges from its container.',
});
