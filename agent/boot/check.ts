// `amphorad check`: is the configuration right, what is in force, and on what machine. It changes nothing.

import { loadConfig } from '../config/load';
import { formatProblem } from '../config/problem';
import { renderReport, reportConfig } from '../config/report';
import type { ConfigSources } from '../config/sources';
import { createServerCertificate } from '../core/server-certificate';
import { AgentError, messageOf } from '../model/errors';
import type { Output } from './serve';
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
  return checkCertificates(loaded.config.amphora_agent, host, output);
}

async function checkCertificates(
  paths: { readonly agent_server_cert: string; readonly agent_server_ca: string },
  host: Host,
  output: Output,
): Promise<number> {
  const certificate = createServerCertificate({
    ...host,
    log: { debug: ignore, info: ignore, warning: ignore, error: ignore },
    serverPath: paths.agent_server_cert,
    clientCaPath: paths.agent_server_ca,
    swap: ignore,
  });
  try {
    await certificate.load();
    return 0;
  } catch (thrown) {
    const detail = thrown instanceof AgentError && thrown.detail !== undefined ? `: ${thrown.detail}` : '';
    output.err(`error: ${messageOf(thrown)}${detail}\n`);
    return configurationError;
  }
}

function ignore(): void {
  // A check logs nothing and swaps nothing.
}

async function describeMachine({ system }: Host): Promise<string> {
  const found = await system.inventory();
  const cpu = `${found.cpuCount} × ${found.cpuModel}`;
  const memory = `${Math.round(found.memoryKb / 1024)} MiB`;
  return `# ${found.distribution}, kernel ${found.kernel} ${found.architecture} (${found.virtualisation}); ${cpu}; ${memory}\n`;
}
