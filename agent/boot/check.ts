// `amphorad check`: is the configuration right, what is in force, and on what machine. It changes nothing.

import { loadConfig } from '../config/load';
import type { Config } from '../config/options';
import { formatProblem } from '../config/problem';
import { renderReport, reportConfig } from '../config/report';
import type { ConfigSources } from '../config/sources';
import { revocationFindings } from '../core/revocation-watch';
import { AgentError, messageOf } from '../model/errors';
import { tryMaterial } from './material';
import type { Output } from './serve';
import { loadTemplates } from './templates';
import type { Host } from './wire-host';

const configurationError = 78;

/** Prints the effective configuration, or all that is wrong with it; resolves with the exit status. */
export async function runCheck(sources: ConfigSources, host: Host, output: Output): Promise<number> {
  const loaded = await loadConfig(sources, host.files);
  for (const warning of loaded.warnings) output.err(`warning: ${formatProblem(warning)}\n`);
  if (!loaded.ok) {
    for (const problem of loaded.problems) output.err(`error: ${formatProblem(problem)}\n`);
    return configurationError;
  }
  output.out(renderReport(reportConfig(loaded)));
  output.out(`\n${await describeMachine(host)}`);
  const statuses = [
    await checkTemplates(loaded.config, host, output),
    await checkCertificates(loaded.config, host, output),
  ];
  return Math.max(...statuses);
}

async function checkTemplates({ amphorad }: Config, { files }: Host, output: Output): Promise<number> {
  const { report } = await loadTemplates(amphorad.template_dir, files);
  for (const path of report.overridden) output.out(`# in place of a built-in template: ${path}\n`);
  for (const path of report.unknown) output.err(`warning: ${path}: no template has this name\n`);
  for (const { path, reason } of report.problems) output.err(`error: ${path}: ${reason}\n`);
  return report.problems.length === 0 ? 0 : configurationError;
}

async function checkCertificates(config: Config, host: Host, output: Output): Promise<number> {
  try {
    const clientTrust = await tryMaterial(config, host);
    for (const { what, why } of revocationFindings(clientTrust, host.clock.now()))
      output.err(`warning: ${what} ${why}\n`);
    return 0;
  } catch (thrown) {
    const detail = thrown instanceof AgentError && thrown.detail !== undefined ? `: ${thrown.detail}` : '';
    output.err(`error: ${messageOf(thrown)}${detail}\n`);
    return configurationError;
  }
}

async function describeMachine({ system }: Host): Promise<string> {
  const found = await system.inventory();
  const cpu = `${found.cpuCount} × ${found.cpuModel}`;
  const memory = `${Math.round(found.memoryKb / 1024)} MiB`;
  return `# ${found.distribution}, kernel ${found.kernel} ${found.architecture} (${found.virtualisation}); ${cpu}; ${memory}\n`;
}
