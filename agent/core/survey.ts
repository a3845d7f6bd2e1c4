// What lies in the agent's directories and should not: entries of nobody, entries that were planted where ours
// should be, states that were put aside. Looked at anew at each call; nothing is changed.
// Source: DESIGN "On disk".

import { join } from 'node:path';
import { idsOnDisk } from '../haproxy/ids-on-disk';
import { haproxyPaths, type HaproxyPaths, type HaproxyRoots } from '../haproxy/paths';
import type { FileStat, Files } from '../host/files';
import { isKnownEntry } from '../model/base-path';
import type { Finding, FindProblems } from '../model/finding';
import { uuidsAmong, type LoadBalancerId } from '../model/ids';
import { messageOf, AgentError } from '../model/errors';
import { describeUntrusted } from './owned-files';
import { quarantinedNames } from './quarantine';
import { isSpoiled, type StateStore } from './state-store';

export interface SurveyDeps {
  /** The file system as it is: what stands in the way has to be seen. */
  readonly files: Files;
  readonly roots: HaproxyRoots;
  readonly state: StateStore;
  readonly userId: number;
}

const mostNamed = 20;

/** Makes the survey of the directories. */
export function createSurvey(deps: SurveyDeps): FindProblems {
  const { files, roots } = deps;
  return async () => {
    const names = await files.list(roots.basePath);
    const own = new Set([roots.certDir, roots.runtimeDir]);
    const kept = await idsOnDisk(files, roots.basePath, names);
    const known = new Set<string>(kept);
    const unknown = names.filter(
      (name) => !isKnownEntry(name, known) && !isOnTheWay(join(roots.basePath, name), own),
    );
    const found: Finding[] = unknown.length > 0 ? [unknownEntries(roots.basePath, unknown)] : [];
    const certificates = (await files.stat(roots.certDir))?.kind === 'directory' ? roots.certDir : undefined;
    const ids = new Set([...kept, ...uuidsAmong(await listed(files, certificates))]);
    for (const id of ids) found.push(...(await surveyOne(deps, id)));
    return found;
  };
}

async function listed(files: Files, directory: string | undefined): Promise<readonly string[]> {
  return directory === undefined ? [] : files.list(directory);
}

function isOnTheWay(entry: string, directories: ReadonlySet<string>): boolean {
  return [...directories].some((directory) => `${directory}/`.startsWith(`${entry}/`));
}

async function surveyOne(deps: SurveyDeps, id: LoadBalancerId): Promise<readonly Finding[]> {
  const paths = haproxyPaths(deps.roots, id);
  const untrusted = await untrustedEntries(deps, paths);
  if (untrusted.length > 0) return [planted(id, untrusted)];
  const kept = quarantinedNames(await deps.files.list(paths.directory));
  const found = kept.length > 0 ? [putAside(id, join(paths.directory, kept.at(-1) ?? ''), kept.length)] : [];
  const unreadable = await unreadableState(deps.state, id);
  return unreadable === undefined ? found : [...found, unreadable];
}

/** Sentences about what stands where a file or directory of this load balancer should. */
async function untrustedEntries(
  { files, roots, userId }: SurveyDeps,
  paths: HaproxyPaths,
): Promise<readonly string[]> {
  const found: string[] = [];
  const look = async (path: string, expected: 'file' | 'directory'): Promise<FileStat | undefined> => {
    const stat = await files.stat(path);
    if (stat === undefined) return undefined;
    if (stat.kind === expected && (stat.uid === userId || stat.uid === 0)) return stat;
    found.push(describeUntrusted(path, stat, expected));
    return undefined;
  };
  // Beyond what is no directory of ours there is nothing to look at.
  if ((await look(roots.certDir, 'directory')) !== undefined) await look(paths.certificates, 'directory');
  if ((await look(paths.directory, 'directory')) === undefined) return found;
  const { config, state, live, running, overlay, log } = paths;
  for (const path of [config, state, live, running, overlay, log]) await look(path, 'file');
  return found;
}

async function unreadableState(state: StateStore, id: LoadBalancerId): Promise<Finding | undefined> {
  try {
    await state.read(id);
    return undefined;
  } catch (thrown) {
    const detail = thrown instanceof AgentError ? `: ${thrown.detail ?? ''}` : '';
    return {
      check: 'state-unreadable',
      severity: 'error',
      what: `The state of ${id} cannot be read: ${messageOf(thrown)}${detail}`,
      why: 'It shows ERROR, and calls that change it are refused. A haproxy that runs goes on.',
      todo: isSpoiled(thrown)
        ? 'Restart the agent: it puts the file aside and works out what it said.'
        : 'Repair the disk or the file, then restart the agent.',
    };
  }
}

function unknownEntries(basePath: string, names: readonly string[]): Finding {
  const shown = names.slice(0, mostNamed).map((name) => JSON.stringify(name));
  const more = names.length > mostNamed ? ` and ${names.length - mostNamed} more` : '';
  return {
    check: 'unknown-entries',
    severity: 'warning',
    what: `base_path ${basePath} holds entries that are neither Octavia's nor the agent's: ${shown.join(', ')}${more}`,
    why: 'Somebody else writes there; the agent neither reads nor removes them.',
    todo: 'Find out whose they are, and move them elsewhere.',
  };
}

function planted(id: LoadBalancerId, sentences: readonly string[]): Finding {
  return {
    check: 'untrusted-entries',
    severity: 'error',
    what: `${id} has what the agent cannot trust: ${sentences.join('; ')}`,
    why: 'The agent follows no links and reads no other user’s files: this one shows ERROR until it is put right.',
    todo: 'Find out who put it there. Remove it or give it back to the agent’s user, then restart the agent.',
  };
}

function putAside(id: LoadBalancerId, path: string, count: number): Finding {
  return {
    check: 'state-put-aside',
    severity: 'warning',
    what: `The state of ${id} could not be trusted and was worked out anew; ${count} kept, the last one as ${path}`,
    why: 'Owner and peer name are guessed, and whether it should run is what the traces on disk said.',
    todo: 'Check that it runs or not as it should, upload its configuration once more, then remove that file.',
  };
}
