// Puts the programs that controllers' configurations name by path where they name them: the check of PING monitors
// (haproxy runs it as an unprivileged account) and that of UDP-CONNECT monitors (keepalived refuses what others than
// root may write), and the pair's scripts. Source: contract/octavia-1.0.md, "haproxy configuration", "UDP and SCTP
// listeners", "vrrp check script".

import { dirname, join } from 'node:path';
import { companions } from '../generated/companions';
import type { Files } from '../host/files';
import type { Log } from '../host/log';
import { isAgentError, messageOf } from '../model/errors';
import type { Finding } from '../model/finding';

export interface InstalledCompanionsDeps {
  readonly files: Files;
  readonly log: Log;
  readonly basePath: string;
}

const mode = 0o755;
const checks = join('lvs', 'check');
// What another one starts comes first.
const places: readonly (readonly [path: string, text: string])[] = [
  ['ping-wrapper.sh', companions['ping-wrapper.sh']],
  [join(checks, 'amphora-health-checker'), companions['amphora-health-checker']],
  [join(checks, 'udp_check.sh'), companions['udp_check.sh']],
  [join('vrrp', 'check_scripts', 'haproxy_check_script.sh'), companions['vrrp/haproxy_check_script.sh']],
  [join('vrrp', 'notify.sh'), companions['vrrp/notify.sh']],
  [join('vrrp', 'check_script.sh'), companions['vrrp/check_script.sh']],
];

export interface InstalledCompanions {
  /** Installs every companion that is missing, differs or has another mode; a former agent's is replaced. Never throws: an agent without them still balances. */
  install(): Promise<void>;
  /** What could not be installed. */
  findings(): readonly Finding[];
}

/** Makes the installer; nothing is written yet. */
export function createInstalledCompanions(deps: InstalledCompanionsDeps): InstalledCompanions {
  const faults = new Map<string, string>();
  return {
    async install() {
      faults.clear();
      for (const [name, text] of places) {
        try {
          await installOne(deps, name, text);
        } catch (thrown) {
          if (!isAgentError(thrown)) throw thrown;
          faults.set(name, messageOf(thrown));
          deps.log.warning('companion not installed', { name, error: messageOf(thrown) });
        }
      }
    },
    findings: () => [...faults].map(([name, error]) => notInstalled(join(deps.basePath, name), error)),
  };
}

async function installOne(
  { files, log, basePath }: InstalledCompanionsDeps,
  name: string,
  text: string,
): Promise<void> {
  const path = join(basePath, name);
  if (await isInstalled(files, path, text)) return;
  await makeDirectories(files, basePath, dirname(name));
  await files.writeAtomic(path, text, mode);
  log.info('companion installed', { path });
}

function notInstalled(path: string, error: string): Finding {
  return {
    check: 'companions',
    severity: 'warning',
    what: `${path} could not be installed: ${error}`,
    why: 'configurations name it: what it would check counts as failed',
    todo: 'remove what is in the way, then restart the agent, which installs it at its start',
  };
}

async function isInstalled(files: Files, path: string, text: string): Promise<boolean> {
  const found = await files.stat(path);
  if (found?.kind !== 'file' || found.mode !== mode) return false;
  return found.size === Buffer.byteLength(text) && (await files.readText(path)) === text;
}

/** Those that exist keep their modes: images choose them. */
async function makeDirectories(files: Files, basePath: string, below: string): Promise<void> {
  let path = basePath;
  for (const name of below.split('/')) {
    path = join(path, name);
    if ((await files.stat(path)) === undefined) await files.makeDirectory(path, 0o755);
  }
}
