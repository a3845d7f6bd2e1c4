// The entry point: which command, over the real host.

import { runCerts } from '../cli/certs';
import { runDoctor } from '../cli/doctor';
import { runMonitor } from '../cli/monitor';
import { runVrrpLint, runVrrpPreview } from '../cli/vrrp';
import { variableOf } from '../config/options';
import { renderSample } from '../config/sample';
import { defaultConfigFile, defaultLocalFile, type ConfigSources } from '../config/sources';
import { version } from '../generated/version';
import { AgentError, messageOf } from '../model/errors';
import { parseArguments, usage, type Arguments, type Command } from './args';
import { runCheck } from './check';
import { runConformCommand } from './conform-command';
import { runDev } from './dev';
import { runInterface, runNetworkRestore } from './network-commands';
import { createOutputs } from './outputs';
import { serve } from './serve';
import { runNetworkPrepare } from './prepare-network';
import { runLocalCommand } from './local-commands';
import { createReadTemplates, loadTemplates, requireUsable } from './templates';
import { machineOf, type FakeMachine } from './wire-fake-haproxy';
import { commandHost, createNodeHost, type AgentHost, type CommandHost } from './wire-host';

const usageError = 64;
const syslogVariable = variableOf({ section: 'DEFAULT', key: 'use_syslog' });

const output = createOutputs(process.stdout, process.stderr, (status) => process.exit(status));

async function main(): Promise<number> {
  if (process.argv[2] === 'conform')
    return runConformCommand(process.argv.slice(3), createNodeHost(process.env), output);
  const args = parseArguments(process.argv.slice(2));
  const { host, fake } = await machineOf(args, createNodeHost(process.env));
  // Sockets, state and certificates get their modes explicitly; what a child makes is private.
  process.umask(0o077);
  if (args.command === 'serve' || args.command === 'dev') output.outlive();
  if (args.command === 'serve') return serveAsAsked(args, fake, host);
  if (args.command === 'dev')
    return runDev({ ...args, fake, stopChildren: args.stopChildren ?? true }, host, process.env, output);
  return runCommand({ ...args, command: args.command }, commandHost(host));
}

function serveAsAsked(args: Arguments, fake: FakeMachine | undefined, host: AgentHost): Promise<number> {
  if (args.logFile !== undefined)
    output.err('warning: --log-file has no effect: lines go to syslog, the journal or standard error\n');
  const { stopChildren = false, readyJson, keepTrying } = args;
  const options = { sources: sourcesOf(args), stopChildren, readyJson, keepTrying, fake };
  return serve(options, host, process.env, output);
}

type OneOff = Arguments & { readonly command: Exclude<Command, 'serve' | 'dev'> };

/** What is not the agent itself. */
async function runCommand(args: OneOff, host: CommandHost): Promise<number> {
  switch (args.command) {
    case 'check':
      return runCheck(sourcesOf(args), host, output);
    case 'doctor':
      return doctor(args, host);
    case 'status':
    case 'drain':
    case 'ready':
    case 'maint':
      return runLocalCommand(args.command, args, sourcesOf(args), host, output);
    case 'monitor':
      return monitor(args, host);
    case 'vrrp-lint':
      return print(await runVrrpLint(args, host.files));
    case 'vrrp-preview':
      return preview(args, host);
    case 'certs': {
      const { directory, amphoraId } = args;
      if (directory === undefined || amphoraId === undefined) {
        throw new AgentError('invalid-input', 'amphorad certs needs --directory and --amphora-id');
      }
      const paths = await runCerts({ ...args, directory, amphoraId }, host);
      output.out(`${Object.values(paths).join('\n')}\n`);
      return 0;
    }
    case 'network-restore':
      return runNetworkRestore(sourcesOf(args), host, output);
    case 'network-prepare':
      return runNetworkPrepare(sourcesOf(args), host, output);
    case 'interface':
      return runInterface(args.paths, sourcesOf(args), host, output);
    case 'sample':
      output.out(renderSample());
      return 0;
    case 'version':
      output.out(`amphorad ${version} (Node ${process.version})\n`);
      return 0;
    case 'help':
      output.out(usage);
      return 0;
  }
}

async function doctor(args: Arguments, host: CommandHost): Promise<number> {
  const readTemplates = createReadTemplates(host.files);
  return print(await runDoctor({ ...args, sources: sourcesOf(args) }, { ...host, readTemplates }));
}

async function preview(args: Arguments, { files }: CommandHost): Promise<number> {
  const readTemplate = async (directory: string | undefined) =>
    requireUsable(await loadTemplates(directory, files))['keepalived-vrrp.conf'];
  return print(await runVrrpPreview({ ...args, sources: sourcesOf(args) }, { files, readTemplate }));
}

async function monitor({ listen, keyFile }: Arguments, host: AgentHost): Promise<number> {
  if (listen === undefined || keyFile === undefined) {
    throw new AgentError('invalid-input', 'amphorad monitor needs --listen and --key-file');
  }
  const ended = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ended.abort());
  const isTerminal = process.stdout.isTTY;
  await runMonitor({ listen, keyFile, isTerminal }, { ...host, print: output.out, signal: ended.signal });
  return 0;
}

function print({ text, status }: { readonly text: string; readonly status: number }): number {
  output.out(text);
  return status;
}

function sourcesOf(args: Arguments): ConfigSources {
  const { localConfig } = args;
  const given = args.configFiles.length + args.configDirs.length > 0;
  return {
    configFiles: given ? args.configFiles : [defaultConfigFile],
    configDirs: args.configDirs,
    localFiles: [{ path: localConfig ?? defaultLocalFile, required: localConfig !== undefined }],
    environment: args.useSyslog ? { ...process.env, [syslogVariable]: 'True' } : process.env,
  };
}

function fail(thrown: unknown): number {
  if (thrown instanceof AgentError) {
    output.err(`amphorad: ${thrown.message}${thrown.detail === undefined ? '' : `: ${thrown.detail}`}\n`);
    if (thrown.kind === 'invalid-input') output.err(usage);
    return thrown.kind === 'invalid-input' ? usageError : 1;
  }
  output.err(`amphorad: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : messageOf(thrown)}\n`);
  return 1;
}

// What nobody awaited ends the agent: systemd starts it anew, and haproxy never noticed.
process.on('unhandledRejection', (thrown) => {
  fail(thrown);
  process.exit(1);
});

// Waits inside the agent keep no process alive; the command itself does, to its end.
setInterval(() => undefined, 2 ** 30);

void main()
  .catch(fail)
  .then(async (status) => {
    await output.flushed();
    process.exit(status);
  });
