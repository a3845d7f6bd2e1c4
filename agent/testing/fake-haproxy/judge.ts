// What `haproxy -c` says of a configuration, as far as the agent's own reader of configurations can tell: words, sections,
// keywords, names that must be there or must differ, files that are named. In the words of 2.6.12.

import { lexConfig } from '../../haproxy/config/lex';
import { namedFiles } from '../../haproxy/config/files';
import { faultOfSection, ruleOf } from '../../haproxy/config/policy-sections';
import { beginsSection, readSections } from '../../haproxy/config/sections';
import type { Files } from '../../host/files';

const proxyKeywords: ReadonlySet<string> = new Set(['frontend', 'backend', 'listen']);

/** A configuration file with its text; undefined: it is not there. */
export interface ConfigText {
  readonly path: string;
  readonly text: string | undefined;
}

/** Says what is wrong with a configuration, as haproxy prints it; undefined when nothing is. */
export async function judgeConfig(configs: readonly ConfigText[], files: Files): Promise<string | undefined> {
  for (const { path, text } of configs) {
    const faults =
      text === undefined
        ? [`Cannot open configuration file/directory ${path} : No such file or directory`]
        : [...lineFaults(path, text), ...nameFaults(path, text), ...(await fileFaults(path, text, files))];
    if (faults.length === 0) continue;
    return [
      ...faults,
      `Error(s) found in configuration file : ${path}`,
      'Fatal errors found in configuration.',
    ]
      .map((fault) => `[ALERT]    (1) : config : ${fault}`)
      .join('\n');
  }
  return undefined;
}

function lineFaults(path: string, text: string): readonly string[] {
  let section: string | undefined;
  return lexConfig(text).flatMap(({ number, words, faults }) => {
    const at = `parsing [${path}:${number}] :`;
    const [first = '', second = ''] = words;
    if (faults.length > 0) return faults.map((fault) => `${at} ${fault}`);
    if (first.startsWith('.')) return [];
    if (beginsSection(first)) {
      section = first;
      const needsName = proxyKeywords.has(first) && second === '';
      return needsName ? [`${at} '${first}' expects an <id> argument`] : [];
    }
    if (section === undefined) return [`${at} unknown keyword '${first}' out of section.`];
    if (faultOfSection(section) !== undefined) return [];
    const keyword = first === 'no' || first === 'default' ? second : first;
    if (ruleOf(section, keyword) === undefined)
      return [`${at} unknown keyword '${keyword}' in '${section}' section`];
    const isPoorServer = first === 'server' && words.length < 3;
    return isPoorServer
      ? [`[${path}:${number}] : 'server' expects <name> and <addr>[:<port>] as arguments.`]
      : [];
  });
}

function nameFaults(path: string, text: string): readonly string[] {
  const sections = readSections(text).filter(({ keyword }) => proxyKeywords.has(keyword));
  const backends = new Set(sections.filter(({ keyword }) => keyword !== 'frontend').map(({ name }) => name));
  const seen = new Set<string>();
  const faults: string[] = [];
  for (const { keyword, name, lines } of sections) {
    const side = keyword === 'frontend' ? 'frontend' : 'backend';
    if (seen.has(`${side} ${name}`))
      faults.push(`Parsing [${path}]: ${side} '${name}' has the same name as another ${side}.`);
    seen.add(`${side} ${name}`);
    const wanted = lines.findLast(({ words }) => words[0] === 'default_backend')?.words[1];
    if (wanted !== undefined && keyword !== 'backend' && !backends.has(wanted))
      faults.push(`Proxy '${name}': unable to find required default_backend: '${wanted}'.`);
    const names = lines.flatMap(({ words: [verb, server = ''] }) => (verb === 'server' ? [server] : []));
    const twice = names.find((server, index) => names.indexOf(server) !== index);
    if (twice !== undefined)
      faults.push(
        `backend '${name}', another server named '${twice}' was already defined, please use distinct names.`,
      );
  }
  return faults;
}

const loaded: ReadonlySet<string> = new Set(['certificate', 'crt-list', 'ca', 'crl']);

async function fileFaults(path: string, text: string, files: Files): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const { line, path: named, kind } of namedFiles(text)) {
    if (!loaded.has(kind) || (await files.stat(named)) !== undefined) continue;
    faults.push(
      `parsing [${path}:${line}] : unable to stat SSL certificate from file '${named}' : No such file or directory.`,
    );
  }
  return faults;
}
