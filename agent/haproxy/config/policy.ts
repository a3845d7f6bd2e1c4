// The configuration policy: what an uploaded configuration may say, so that a controller can balance and not own the
// host that starts haproxy as root. Default-deny: what no table knows is refused. Source: DESIGN "Configuration policy".

import { quote } from '../../model/ids';
import type { PolicyContext, PolicyFault } from './policy-fault';
import { faultOfAddress, faultOfPath } from './policy-places';
import { readConfig } from './policy-reader';
import type { Report } from './policy-report';
import { supervisionFaults } from './policy-supervision';

interface Judgement {
  readonly faults: PolicyFault[];
  /** Lines with `insecure-fork-wanted`: allowed when a check runs one of our helpers. */
  readonly forks: number[];
  usesHelper: boolean;
}

/** Lists what the policy refuses in a configuration, by line; empty when it may be used. */
export function checkPolicy(text: string, context: PolicyContext): readonly PolicyFault[] {
  if (context.mode === 'permissive') return supervisionFaults(text, context);
  const judgement: Judgement = { faults: [], forks: [], usesHelper: false };
  readConfig(text, ({ number }) => reportOf(number, judgement, context));
  if (!judgement.usesHelper) {
    for (const line of judgement.forks) {
      const reason = 'is allowed for the checks that run the PING helper, and there is none';
      judgement.faults.push({ line, word: quote('insecure-fork-wanted'), reason });
    }
  }
  return judgement.faults.sort((a, b) => a.line - b.line);
}

function reportOf(line: number, judgement: Judgement, context: PolicyContext): Report {
  const refuse = (word: string, reason: string): void => {
    judgement.faults.push({ line, word: quote(word), reason });
  };
  return {
    refuse,
    file(kind, path) {
      const fault = faultOfPath(kind, path, context);
      if (fault !== undefined) refuse(path, fault);
      else if (kind === 'helper') judgement.usesHelper = true;
    },
    address(word, socket) {
      const fault = faultOfAddress(word, socket, context);
      if (fault !== undefined) refuse(word, fault);
    },
    fork: () => judgement.forks.push(line),
  };
}
