// The scripts of the pair: there, root's, and nobody else's to change; and levers that somebody left on. Source:
// contract/vrrp.md, pitfall 7 and section 4.

import { findUnsafeScript } from '../../keepalived/script-safety';
import { vrrpPaths } from '../../keepalived/vrrp-paths';
import type { Finding } from '../../model/finding';
import { found, type Check, type Patient } from './check';

export const vrrpChecks: readonly Check[] = [
  { name: 'vrrp-scripts', look: scripts },
  { name: 'vrrp-levers', look: levers },
];

/** Only where there is a pair: keepalived wants root, and so do its scripts. */
async function scripts({ config, host }: Patient): Promise<readonly Finding[]> {
  const paths = vrrpPaths(config.haproxy_amphora.base_path);
  if ((await host.files.stat(paths.config)) === undefined) return [];
  const all: Finding[] = [];
  for (const path of [paths.checkScript, paths.haproxyCheck, paths.notifyScript]) {
    for (const what of await findUnsafeScript(host.files, path)) {
      all.push(
        found('vrrp-scripts', 'error', {
          what,
          why: 'keepalived disables the script with a line in its log: haproxy may die, and the address stays.',
          todo: 'Only root may write there (chown root, chmod go-w); then restart the agent, which installs its scripts.',
        }),
      );
    }
  }
  return all;
}

async function levers({ config, host }: Patient): Promise<readonly Finding[]> {
  const { disabled, forceFail } = vrrpPaths(config.haproxy_amphora.base_path);
  const all: Finding[] = [];
  if ((await host.files.stat(disabled)) !== undefined) {
    all.push(
      found('vrrp-levers', 'warning', {
        what: `${disabled} is there`,
        why: 'Checks succeed whatever fails: the address does not move to the peer.',
        todo: 'Remove it when the maintenance is over.',
      }),
    );
  }
  if ((await host.files.stat(forceFail)) !== undefined) {
    all.push(
      found('vrrp-levers', 'warning', {
        what: `${forceFail} is there`,
        why: 'Checks fail: this amphora cannot take the address, and the peer has nobody to hand it to.',
        todo: 'Remove it once the planned move is done.',
      }),
    );
  }
  return all;
}
