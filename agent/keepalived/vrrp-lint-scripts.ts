// What is wrong with the scripts that a VRRP configuration names: keepalived drops them in silence, or they ask what does
// not matter. Source: contract/vrrp.md sections 2 and 3, pitfalls 7 and 10.

import type { Files } from '../host/files';
import type { Finding } from '../model/finding';
import { findUnsafeScript } from './script-safety';
import type { VrrpConfig } from './vrrp-config';
import { lintFinding } from './vrrp-lint-finding';

/** Looks at every script that a configuration names: whether keepalived will run it, and whether it asks the right thing. */
export async function lintScripts(config: VrrpConfig, files: Files): Promise<readonly Finding[]> {
  const commands = [
    ...config.scripts.map(({ command }) => command),
    ...config.instances.flatMap(({ notifyCommands }) => notifyCommands),
  ];
  const findings: Finding[] = [];
  for (const path of new Set(commands.map((command) => command.trim().split(/\s+/)[0] ?? ''))) {
    for (const reason of await findUnsafeScript(files, path)) {
      findings.push(
        lintFinding('script', 'error', {
          what: reason,
          why: 'keepalived disables the script with a line in its log and goes on: nothing is checked.',
          todo: 'Scripts belong to root with mode 0755, in directories that only root may write.',
        }),
      );
    }
    findings.push(...(await habits(path, commands, files)));
  }
  return findings;
}

/** What scripts do that misleads them. */
async function habits(path: string, commands: readonly string[], files: Files): Promise<readonly Finding[]> {
  const found = path.startsWith('/') ? await files.stat(path) : undefined;
  const text = found?.kind === 'file' && found.size < 65_536 ? ((await files.readText(path)) ?? '') : '';
  const all = [text, ...commands.filter((command) => command.startsWith(path))].join('\n');
  const findings: Finding[] = [];
  if (/\b(?:killall|pidof|pgrep|systemctl)\b/.test(all)) {
    findings.push(
      lintFinding('script', 'warning', {
        what: `${path}: asks whether a process of that name runs`,
        why: 'A hung haproxy runs, one of another namespace has the same name, and systemctl fails without systemd.',
        todo: 'Ask haproxy’s stats socket: only an answer counts.',
      }),
    );
  }
  if (/grep\s[^\n|]*["']?:\d+["']?(?![\d\s]*\$)/.test(all)) {
    findings.push(
      lintFinding('script', 'warning', {
        what: `${path}: looks for a port with grep`,
        why: '":8404" is found in ":84040", too.',
        todo: 'Compare whole ports: ss -Hltn "sport = :8404".',
      }),
    );
  }
  return findings;
}
