// The agent's directories: how long their names are, whose they are, who may write there, how much fits, and what
// lies in them that should not. Source: DESIGN "On disk", "Configuration policy".

import { join } from 'node:path';
import { idsOnDisk } from '../../haproxy/ids-on-disk';
import { checkPathLengths } from '../../haproxy/paths';
import type { FileStat } from '../../host/files';
import { isKnownEntry } from '../../model/base-path';
import { diskReserveKb } from '../../model/disk-reserve';
import { AgentError } from '../../model/errors';
import type { Finding } from '../../model/finding';
import { found, type Check, type Patient } from './check';

const writableByOthers = 0o022;
const sticky = 0o1000;
const mostNamed = 20;

export const directoryChecks: readonly Check[] = [
  { name: 'path-lengths', look: (patient) => Promise.resolve(pathLengths(patient)) },
  { name: 'directories', look: directories, mend: putRight },
  { name: 'disk-space', look: diskSpace },
  { name: 'entries', look: entries },
];

function rootsOf({ config }: Patient): { basePath: string; certDir: string; runtimeDir: string } {
  const { base_path: basePath, base_cert_dir: certDir } = config.haproxy_amphora;
  return { basePath, certDir, runtimeDir: config.amphorad.runtime_dir };
}

function pathLengths(patient: Patient): readonly Finding[] {
  try {
    checkPathLengths(rootsOf(patient));
    return [];
  } catch (thrown) {
    if (!(thrown instanceof AgentError)) throw thrown;
    return [
      found('path-lengths', 'error', {
        what: `${thrown.message}: ${thrown.detail ?? ''}`,
        why: 'A socket path holds 107 bytes: haproxy could not bind its sockets, so the agent does not start.',
        todo: 'Set a short [amphorad] runtime_dir in the local file, or a shorter base_path.',
      }),
    ];
  }
}

async function directories(patient: Patient): Promise<readonly Finding[]> {
  const { basePath, certDir, runtimeDir } = rootsOf(patient);
  const { files, system } = patient.host;
  const all: Finding[] = [];
  for (const path of new Set([basePath, runtimeDir, certDir])) {
    const stat = await files.stat(path);
    // The agent makes what is missing, with the right mode.
    if (stat !== undefined) all.push(...directoryFaults(path, stat, system.userId(), path === certDir));
  }
  return all;
}

/** Makes what is missing, as the agent would, and takes the right to write from others. */
async function putRight(patient: Patient): Promise<readonly string[]> {
  const { basePath, certDir, runtimeDir } = rootsOf(patient);
  const { files } = patient.host;
  const done: string[] = [];
  for (const [path, mode] of new Map([
    [certDir, 0o700],
    [runtimeDir, 0o755],
    [basePath, 0o755],
  ])) {
    const stat = await files.stat(path);
    if (stat === undefined) {
      await files.makeDirectory(path, mode);
      done.push(`made ${path}`);
    } else if (isOpen(stat)) {
      await files.changeMode(path, stat.mode & ~writableByOthers);
      done.push(`took the right to write in ${path} from others than its owner`);
    }
  }
  return done;
}

function isOpen({ kind, mode }: FileStat): boolean {
  return kind === 'directory' && (mode & writableByOthers) !== 0 && (mode & sticky) === 0;
}

function directoryFaults(path: string, stat: FileStat, userId: number, isOurs: boolean): readonly Finding[] {
  // base_path itself may be a link of the operator's; what lies in it may not.
  if (stat.kind !== 'directory' && !(stat.kind === 'link' && !isOurs)) {
    return [
      found('directories', 'error', {
        what: `${path} is a ${stat.kind === 'other' ? 'special file' : stat.kind}, not a directory`,
        why: 'The agent follows no links there and refuses what goes through it.',
        todo: 'Make it a directory (mount a file system on it if it should lie elsewhere).',
      }),
    ];
  }
  const faults: Finding[] = [];
  if (isOpen(stat)) {
    faults.push(
      found('directories', 'error', {
        what: `${path} has mode ${stat.mode.toString(8)}: others than its owner may write there`,
        why: 'Whoever can put a file or a link there can have root use it.',
        todo: `chmod go-w ${path}`,
      }),
    );
  }
  if (stat.uid !== userId && stat.uid !== 0) {
    faults.push(
      found('directories', 'warning', {
        what: `${path} belongs to user ${stat.uid}, and this runs as user ${userId}`,
        why: 'An agent of this user refuses files of another one.',
        todo: `Run agent and doctor as user ${stat.uid}, or give the directory to the agent's user.`,
      }),
    );
  }
  return faults;
}

async function diskSpace(patient: Patient): Promise<readonly Finding[]> {
  const { basePath, certDir } = rootsOf(patient);
  const { files } = patient.host;
  const all: Finding[] = [];
  for (const path of new Set([basePath, certDir])) {
    if ((await files.stat(path)) === undefined) continue;
    const { usedKb, availableKb } = await files.space(path);
    // A file system without size, such as ramfs, tells nothing.
    if (availableKb >= diskReserveKb || usedKb + availableKb === 0) continue;
    all.push(
      found('disk-space', 'error', {
        what: `${availableKb} KiB are free on the file system of ${path}`,
        why: `The agent keeps ${diskReserveKb} KiB free: uploads are refused with 507.`,
        todo: 'Free some space there, or make the file system larger.',
      }),
    );
  }
  return all;
}

/** Without an agent only: a running one tells it itself, and more. */
async function entries(patient: Patient): Promise<readonly Finding[]> {
  if (patient.agent !== undefined) return [];
  const { basePath, certDir, runtimeDir } = rootsOf(patient);
  const { files, system } = patient.host;
  const names = await files.list(basePath);
  const ids = await idsOnDisk(files, basePath, names);
  const known = new Set<string>(ids);
  const isOurs = (name: string): boolean =>
    isKnownEntry(name, known) ||
    [certDir, runtimeDir].some((own) => `${own}/`.startsWith(`${join(basePath, name)}/`));
  const strange = names.filter((name) => !isOurs(name)).slice(0, mostNamed);
  const untrusted: string[] = [];
  for (const id of ids) {
    const stat = await files.stat(join(basePath, id));
    if (stat?.kind !== 'directory' || (stat.uid !== system.userId() && stat.uid !== 0)) untrusted.push(id);
  }
  return [
    ...strange.map((name) =>
      found('entries', 'warning', {
        what: `${JSON.stringify(join(basePath, name))} is neither Octavia's nor the agent's`,
        why: 'Somebody else writes there; the agent neither reads nor removes it.',
        todo: 'Find out whose it is, and move it elsewhere.',
      }),
    ),
    ...untrusted.slice(0, mostNamed).map((id) =>
      found('entries', 'error', {
        what: `${join(basePath, id)} is no directory of this user's or root's`,
        why: 'The agent will not follow or read it: that listener will show ERROR.',
        todo: 'Find out who put it there, and remove it.',
      }),
    ),
  ];
}
