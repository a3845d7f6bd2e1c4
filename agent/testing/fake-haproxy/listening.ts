// Listening TCP sockets as `ss -H -l -t -n -p` of iproute2 6.1 prints them: those that configurations bind.

import type { Bind } from '../../model/bind';

/** A line of ss(8); `local` as ss spells it. Without a pid: a process that we may not see. */
export function listeningRow(local: string, program: string, pid: number | undefined): string {
  const peer = local.startsWith('[') ? '[::]:*' : '0.0.0.0:*';
  const users = pid === undefined ? '' : ` users:(("${program}",pid=${pid},fd=7))`;
  return `LISTEN 0      4096   ${local.padStart(24)} ${peer}${users}`;
}

/** How ss spells the address and port of a bind. */
export function localOf({ address, port, v6only }: Pick<Bind, 'address' | 'port' | 'v6only'>): string {
  return `${spelled(address, v6only)}:${port}`;
}

function spelled(address: string, v6only: boolean): string {
  if (address === '' || address === '*') return '0.0.0.0';
  if (address === '::') return v6only ? '[::]' : '*';
  return address.includes(':') ? `[${address}]` : address;
}
