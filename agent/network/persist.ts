// What is plugged, on disk, where Octavia's agent has it: `<base_path>/plugged_interfaces` with a line `MAC name` each,
// and a file for each interface in the network directory.
//
// INVARIANT: an interface is in plugged_interfaces only after its own file is whole; it leaves plugged_interfaces
// before its files go.

import { posix } from 'node:path';
import type { Files } from '../host/files';
import { AgentError } from '../model/errors';
import { isInterfaceName, parseMac, type FirewallRule, type Mac } from '../model/network';
import type { Templates } from '../model/template';
import { refuseUnfit } from './fit';
import { readInterfaceFile, viewOf } from './interface-file';
import type { InterfaceRecords, PluggedInterface } from './network';
import { renderInterfaceFile } from './render';
import { parseRules, rulesText } from './rules-file';

export interface RecordDeps {
  readonly files: Files;
  readonly basePath: string;
  /** agent_server_network_dir. */
  readonly networkDirectory: string;
}

/** What whoever changes them needs beside. */
export interface RecordWriterDeps extends RecordDeps {
  readonly templates: Pick<Templates, 'interface.json'>;
}

interface Line {
  readonly mac: Mac;
  readonly name: string;
}

/** Makes the records for whoever only reads them. */
export function createInterfaceReader(deps: RecordDeps): Pick<InterfaceRecords, 'read' | 'readRules'> {
  const { files } = deps;
  const { listPath, filePath, rulesPath } = pathsOf(deps);
  return {
    async read() {
      const { lines, problems } = parseLines((await files.readText(listPath)) ?? '');
      const found = await Promise.all(lines.map((line) => readOne(files, filePath(line.name), line)));
      return {
        interfaces: found.flatMap((each) => each.interfaces),
        problems: [...problems, ...found.flatMap((each) => each.problems)],
      };
    },

    async readRules(name) {
      const text = await files.readText(rulesPath(name));
      return text === undefined ? undefined : parseRules(rulesPath(name), text);
    },
  };
}

/** Makes the records. */
export function createInterfaceRecords(deps: RecordWriterDeps): InterfaceRecords {
  const { files, networkDirectory, templates } = deps;
  const { listPath, filePath, rulesPath } = pathsOf(deps);

  const readLines = async () => parseLines((await files.readText(listPath)) ?? '');
  const writeLines = (lines: readonly Line[]): Promise<void> =>
    files.writeAtomic(listPath, lines.map(({ mac, name }) => `${mac} ${name}\n`).join(''), 0o644);
  const writeRules = async (name: string, rules: readonly FirewallRule[]): Promise<void> => {
    await ensureDirectory(files, networkDirectory);
    await files.writeAtomic(rulesPath(name), rulesText(rules), 0o600);
  };

  return {
    ...createInterfaceReader(deps),

    async save({ mac, wanted }, rules) {
      const { lines } = await readLines();
      const isSame = lines.some((line) => line.mac === mac && line.name === wanted.name);
      const isOther = (line: Line): boolean => line.mac !== mac && line.name !== wanted.name;
      const replaced = lines.filter(
        (line) => !isOther(line) && !(line.mac === mac && line.name === wanted.name),
      );
      await ensureDirectory(files, networkDirectory);
      const text = renderInterfaceFile(templates['interface.json'], viewOf(wanted));
      await files.writeAtomic(filePath(wanted.name), text, 0o644);
      // Whoever is closed until there are rules must not be on record without that.
      if (rules !== undefined) await writeRules(wanted.name, rules);
      await writeLines([...lines.filter(isOther), { mac, name: wanted.name }]);
      // Another interface's rules are none for this one, and nobody owns the files of a name that was given up.
      if (!isSame && rules === undefined) await files.remove(rulesPath(wanted.name));
      for (const { name } of replaced.filter((line) => line.name !== wanted.name)) {
        await files.remove(rulesPath(name));
        await files.remove(filePath(name));
      }
    },

    async remove(mac) {
      const { lines } = await readLines();
      const gone = lines.filter((line) => line.mac === mac);
      if (gone.length === 0) return;
      await writeLines(lines.filter((line) => line.mac !== mac));
      for (const { name } of gone) {
        await files.remove(filePath(name));
        await files.remove(rulesPath(name));
      }
    },

    saveRules: writeRules,
  };
}

function pathsOf({ basePath, networkDirectory }: RecordDeps) {
  return {
    listPath: posix.join(basePath, 'plugged_interfaces'),
    filePath: (name: string): string => posix.join(networkDirectory, `${name}.json`),
    rulesPath: (name: string): string => posix.join(networkDirectory, `${name}.rules`),
  };
}

interface Found {
  readonly interfaces: readonly PluggedInterface[];
  readonly problems: readonly string[];
}

async function readOne(files: Files, path: string, { mac, name }: Line): Promise<Found> {
  const without = (problem: string): Found => ({ interfaces: [], problems: [problem] });
  try {
    const text = await files.readText(path);
    if (text === undefined) return without(`${name} (${mac}) has no file ${path}`);
    const read = readInterfaceFile(name, text);
    if (read === undefined) return without(`${path} is no JSON object`);
    refuseUnfit(read.wanted);
    return { interfaces: [{ mac, wanted: read.wanted }], problems: read.problems };
  } catch (thrown) {
    if (!(thrown instanceof AgentError)) throw thrown;
    return without(`${path}: ${thrown.message}${thrown.detail === undefined ? '' : `: ${thrown.detail}`}`);
  }
}

function parseLines(text: string): { readonly lines: readonly Line[]; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const lines = text.split('\n').flatMap((line) => {
    const [address = '', name = '', ...more] = line.trim().split(/\s+/);
    if (address === '') return [];
    const mac = parseMac(address);
    if (mac !== undefined && isInterfaceName(name) && more.length === 0) return [{ mac, name }];
    problems.push(`plugged_interfaces: not understood: ${JSON.stringify(line)}`);
    return [];
  });
  return { lines, problems };
}

// The mode of a directory that is there is the operator's.
async function ensureDirectory(files: Files, path: string): Promise<void> {
  if ((await files.stat(path)) === undefined) await files.makeDirectory(path, 0o755);
}
