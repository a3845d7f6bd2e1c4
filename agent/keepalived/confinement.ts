// What keepalived needs of the machine, for process managers that confine it. Sources: keepalived(8), keepalived.conf(5);
// capabilities(7); ptrace(2) "Ptrace access mode checking" for what it takes to look at another's process.

import type { Confinement } from '../supervisor/confinement';

// Addresses, routes and the kernel's balancer; VRRP packets and ARP.
const balancing = ['NET_ADMIN', 'NET_RAW', 'NET_BIND_SERVICE'];
// It raises its own priority when it was late, and keeps itself in memory where it is told to.
const timeliness = ['SYS_NICE', 'IPC_LOCK', 'SYS_RESOURCE'];
// Its scripts end with it; they run as the account that a configuration names.
const scripts = ['KILL', 'SETUID', 'SETGID', 'DAC_OVERRIDE'];
// Its check script reads which program a pid of haproxy runs, and haproxy has capabilities that it has not.
const looking = 'SYS_PTRACE';

/** Says what the keepalived of UDP listeners may do: it writes below `directory`. */
export function lvsConfinement(directory: string): Confinement {
  return confinement([directory], [...balancing, ...timeliness, ...scripts]);
}

/** Says what the keepalived of the pair may do: it writes below `directory`. */
export function vrrpConfinement(directory: string): Confinement {
  return {
    ...confinement([directory], [...balancing, ...timeliness, ...scripts, looking]),
    seesProcesses: true,
  };
}

function confinement(writes: readonly string[], capabilities: readonly string[]): Confinement {
  return { writes, capabilities, families: ['AF_PACKET'], isRealtime: true, setsNetwork: true };
}
