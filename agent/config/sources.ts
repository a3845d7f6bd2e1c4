// Reads everything that can set an option, in the order in which later overrides earlier: configuration files,
// configuration directories, local files, environment. Only the first configuration file is a controller's.

import { posix } from 'node:path';
import type { Files } from '../host/files';
import { isAgentError, messageOf } from '../model/errors';
import { parseIni } from './ini';
import { normalSection, options, variableOf } from './options';
import type { Origin, Problem } from './problem';

export type ConfigFiles = Pick<Files, 'readHostText' | 'list' | 'stat'>;

export interface ConfigSources {
  /** `--config-file`, in order; the first one is what a controller may replace. */
  readonly configFiles: readonly string[];
  /** `--config-dir`: every `*.conf` in it, sorted by name. */
  readonly configDirs: readonly string[];
  readonly localFiles: readonly { readonly path: string; readonly required: boolean }[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export const defaultConfigFile = '/etc/octavia/amphora-agent.conf';
export const defaultLocalFile = '/etc/amphorad/local.conf';

/** One setting, before anything is known about it. */
export interface Setting {
  readonly section: string;
  readonly key: string;
  readonly text: string;
  readonly origin: Origin;
  /** Whether it may set what only the box decides. */
  readonly isLocal: boolean;
}

export interface Gathered {
  readonly settings: readonly Setting[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

interface Source {
  readonly path: string;
  readonly isRequired: boolean;
}

const prefix = 'AMPHORAD_';

/** Tells whether a path is that of the file which a controller may replace; given twice, it is that file twice. */
export function isReplaceable(path: string, { configFiles: [first] }: ConfigSources): boolean {
  return first !== undefined && posix.resolve(path) === posix.resolve(first);
}

/** Reads all sources; unreadable ones are problems, and reading goes on with the next. */
export async function readSources(input: ConfigSources, files: ConfigFiles): Promise<Gathered> {
  const problems: Problem[] = [];
  const settings: Setting[] = [];
  const sources: Source[] = [
    ...input.configFiles.map((path) => ({ path, isRequired: true })),
    ...(await listDirectories(input.configDirs, files, problems)),
    ...input.localFiles.map(({ path, required }) => ({ path, isRequired: required })),
  ];
  for (const source of sources) {
    const text = await readSource(source, files, problems);
    if (text === undefined) continue;
    const isLocal = !isReplaceable(source.path, input);
    const { entries, errors } = parseIni(text);
    problems.push(...errors.map((error) => ({ file: source.path, ...error })));
    for (const { section, key, value, line } of entries) {
      const origin = { from: 'file', file: source.path, line } as const;
      settings.push({ section: normalSection(section), key, text: value, origin, isLocal });
    }
  }
  const environment = readEnvironment(input.environment);
  return { settings: [...settings, ...environment.settings], problems, warnings: environment.warnings };
}

async function listDirectories(
  paths: readonly string[],
  files: ConfigFiles,
  problems: Problem[],
): Promise<readonly Source[]> {
  const sources: Source[] = [];
  for (const path of paths) {
    try {
      const kind = (await files.stat(path))?.kind;
      if (kind === undefined) problems.push({ file: path, message: 'the directory does not exist' });
      else if (kind === 'file')
        problems.push({ file: path, message: 'is a file: give it with --config-file' });
      else {
        const names = (await files.list(path)).filter((name) => name.endsWith('.conf')).sort();
        sources.push(...names.map((name) => ({ path: posix.join(path, name), isRequired: true })));
      }
    } catch (thrown) {
      problems.push({ file: path, message: `cannot be read: ${reasonOf(thrown)}` });
    }
  }
  return sources;
}

async function readSource(
  { path, isRequired }: Source,
  files: ConfigFiles,
  problems: Problem[],
): Promise<string | undefined> {
  try {
    if ((await files.stat(path))?.kind === 'directory') {
      problems.push({ file: path, message: 'is a directory: give it with --config-dir' });
      return undefined;
    }
    const text = await files.readHostText(path);
    if (text === undefined && isRequired) problems.push({ file: path, message: 'the file does not exist' });
    const problem = text === undefined ? undefined : badText(path, text);
    if (problem === undefined) return text;
    problems.push(problem);
  } catch (thrown) {
    problems.push({ file: path, message: `cannot be read: ${reasonOf(thrown)}` });
  }
  return undefined;
}

function reasonOf(thrown: unknown): string {
  return isAgentError(thrown) ? (thrown.detail ?? thrown.message) : messageOf(thrown);
}

// A decoder puts U+FFFD where bytes were not UTF-8; nobody writes that character into a configuration.
function badText(path: string, text: string): Problem | undefined {
  const at = text.search(/[\0\ufffd]/);
  if (at < 0) return undefined;
  const line = text.slice(0, at).split(/\r\n|\r|\n/).length;
  return { file: path, line, message: text[at] === '\0' ? 'holds a NUL byte' : 'is not UTF-8 text' };
}

function readEnvironment(environment: ConfigSources['environment']): Omit<Gathered, 'problems'> {
  const byVariable = new Map(options.map((option) => [variableOf(option), option]));
  const settings: Setting[] = [...documentedVariables(environment)];
  const warnings: Problem[] = [];
  for (const [variable, text] of Object.entries(environment)) {
    if (text === undefined || !variable.startsWith(prefix)) continue;
    const option = byVariable.get(variable);
    if (option === undefined)
      warnings.push({ file: `environment ${variable}`, message: 'sets no option, ignored' });
    else {
      const { section, key } = option;
      settings.push({ section, key, text, origin: { from: 'environment', variable }, isLocal: true });
    }
  }
  return { settings, warnings };
}

/** The variables of the runtime API's own document; an empty one sets nothing. */
function documentedVariables(environment: ConfigSources['environment']): readonly Setting[] {
  return options.flatMap(({ section, key, variable }) => {
    const text = variable === undefined ? undefined : environment[variable];
    if (variable === undefined || text === undefined || text.trim() === '') return [];
    return [{ section, key, text, origin: { from: 'environment', variable }, isLocal: true }];
  });
}
