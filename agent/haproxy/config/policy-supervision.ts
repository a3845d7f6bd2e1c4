// The permissive policy, which an operator chooses in the machine's own file: everything goes but what would take
// haproxy out of the agent's hands. Source: DESIGN "haproxy processes", "Configuration policy".

import { quote } from '../../model/ids';
import { globalLines } from './sections';
import type { PolicyContext, PolicyFault } from './policy-fault';
import { socketPathOf } from './policy-places';

const process = 'is for the agent to decide: it runs the process';

const reasons: ReadonlyMap<string, string> = new Map([
  ['pidfile', process],
  ['master-worker', process],
  ['mworker-max-reloads', process],
  ['unix-bind', "would move the agent's own sockets"],
]);

/** Lists the lines of a configuration that take supervision from the agent. */
export function supervisionFaults(text: string, context: PolicyContext): readonly PolicyFault[] {
  const keywords = new Set([...reasons.keys(), 'stats']);
  return globalLines(text, keywords).flatMap(({ number, words }) => {
    const [keyword = '', what = '', address = ''] = words;
    const reason = reasons.get(keyword);
    if (reason !== undefined) return [{ line: number, word: quote(keyword), reason }];
    const isOurs = what === 'socket' && ownSockets(context).includes(socketPathOf(address) ?? '');
    return isOurs ? [{ line: number, word: quote(address), reason: "is the agent's own socket" }] : [];
  });
}

function ownSockets(context: PolicyContext): readonly string[] {
  const directory = `${(context.runtimeDir ?? context.basePath).replace(/\/+$/, '')}/${context.id}`;
  return [`${directory}/admin.sock`, `${directory}/master.sock`];
}
