// A machine's network tables as text: understands the `ip` commands of network/ (and sysctl, nft, arping, ndptool as far
// as they are asked for), answers in iproute2 6.1's words and JSON, and shows what came of it as lines to read. '' is
// the agent's own namespace.

import type { RunResult } from '../../agent/host/process';
import {
  listTable,
  newNamespace,
  showNamespace,
  type FakeLink,
  type FakeNamespace,
  type FakeRoute,
  type FakeRule,
} from './network-tables';
import type { RunnerRule } from './scripted-runner';

export interface ScriptedNetwork {
  /** The rule for a scripted runner. */
  readonly rule: RunnerRule;
  /** Adds an interface to a namespace, down and bare unless said otherwise. */
  addLink(link: Partial<FakeLink> & Pick<FakeLink, 'name' | 'mac'>, namespace?: string): void;
  removeLink(name: string, namespace?: string): void;
  /** Lets the next command that matches fail with these words. */
  failNext(match: RegExp, words: string): void;
  /** Destroys a namespace with all in it, as a reboot does. */
  destroy(namespace: string): void;
  /** Links, addresses, routes, rules and nft tables of a namespace, one line each; undefined when it was not made. */
  show(namespace?: string): readonly string[] | undefined;
  /** The text of an nft table; undefined when there is none. */
  table(name: string, namespace: string): string | undefined;
}

type Answer = Partial<RunResult>;

/** Makes a machine with nothing but a loopback interface and the agent's own namespace. */
export function createScriptedNetwork(): ScriptedNetwork {
  const namespaces = new Map<string, FakeNamespace>([['', newNamespace()]]);
  const failures: { readonly match: RegExp; readonly words: string }[] = [];

  const answer = (argv: readonly string[], input: string): Answer => {
    const line = argv.join(' ');
    const index = failures.findIndex(({ match }) => match.test(line));
    if (index >= 0) return refuse(failures.splice(index, 1)[0]?.words ?? '');
    if (argv[0] === 'tee') return {};
    if (argv[1] === 'netns') return answerTool(namespaces.get(argv[3] ?? ''), argv.slice(4), input);
    const words = argv.slice(2);
    const name = words[0] === '-n' ? (words[1] ?? '') : '';
    const rest = words.slice(words[0] === '-n' ? 2 : 0);
    if (rest[0] === 'netns') {
      if (rest[1] === 'add') namespaces.set(rest[2] ?? '', newNamespace());
      else namespaces.delete(rest[2] ?? '');
      return {};
    }
    const namespace = namespaces.get(name);
    if (namespace === undefined)
      return refuse(`Cannot open network namespace "${name}": No such file or directory`);
    return answerIp(namespace, rest, namespaces);
  };

  return {
    rule: {
      match: /^(ip |tee \/sys\/bus\/pci\/rescan)/,
      result: (argv, { input = '' }) => answer(argv, input),
    },
    addLink: (link, namespace = '') =>
      void namespaces.get(namespace)?.links.push({ mtu: 1500, isUp: false, addresses: [], ...link }),
    removeLink: (name, namespace = '') => {
      const found = namespaces.get(namespace);
      if (found !== undefined) takeLink(found, name);
    },
    failNext: (match, words) => void failures.push({ match, words }),
    destroy: (namespace) => void namespaces.delete(namespace),
    show: (namespace = '') => {
      const found = namespaces.get(namespace);
      return found && showNamespace(found);
    },
    table: (name, namespace) => namespaces.get(namespace)?.tables.get(name),
  };
}

function answerIp(
  namespace: FakeNamespace,
  words: readonly string[],
  all: ReadonlyMap<string, FakeNamespace>,
): Answer {
  const family = words[0] === '-6' ? '6' : '4';
  const [what = '', verb = '', ...rest] = words.filter((word) => !/^-(4|6|N)$/.test(word));
  if (verb === 'show') return { stdout: JSON.stringify(listTable(namespace, what, family)) };
  const device = after(rest, 'dev');
  const link = namespace.links.find(({ name }) => name === device);
  if (device !== undefined && link === undefined) return refuse(`Cannot find device "${device}"`);
  if (what === 'rule') return changeRule(namespace, verb, family, rest);
  if (link === undefined) return refuse(`not understood: ${words.join(' ')}`);
  if (what === 'link') return setLink(namespace, link, rest, all);
  if (what === 'addr') return changeAddress(namespace, link, verb, rest[0] ?? '');
  return changeRoute(namespace, verb, { ...routeOf(rest, link.name), family });
}

function setLink(
  namespace: FakeNamespace,
  link: FakeLink,
  words: readonly string[],
  all: ReadonlyMap<string, FakeNamespace>,
): Answer {
  const mtu = after(words, 'mtu');
  const to = after(words, 'netns');
  if (mtu !== undefined) link.mtu = Number(mtu);
  else if (to === undefined) link.isUp = words.at(-1) === 'up';
  else {
    // A pid stands for the agent's own namespace.
    const target = all.get(/^\d+$/.test(to) ? '' : to);
    const name = after(words, 'name') ?? link.name;
    if (target === undefined) return refuse(`Invalid "netns" value "${to}"`);
    if (target.links.some((other) => other.name === name)) return refuse('RTNETLINK answers: File exists');
    takeLink(namespace, link.name);
    target.links.push({ ...link, name, isUp: false, addresses: [] });
  }
  return {};
}

function changeAddress(namespace: FakeNamespace, link: FakeLink, verb: string, address: string): Answer {
  const isThere = link.addresses.includes(address);
  if (verb === 'add') {
    if (isThere) return refuse(aboutAddress(address, 'already assigned'));
    link.addresses.push(address);
    return {};
  }
  if (!isThere) return refuse(aboutAddress(address, 'not found'));
  link.addresses = link.addresses.filter((each) => each !== address);
  namespace.routes = namespace.routes.filter(({ source }) => source !== address.split('/')[0]);
  return {};
}

function changeRoute(namespace: FakeNamespace, verb: string, route: FakeRoute): Answer {
  const isSame = (other: FakeRoute): boolean =>
    other.family === route.family && other.destination === route.destination && other.table === route.table;
  const isThere = namespace.routes.some(isSame);
  if (verb === 'add' && isThere) return refuse('RTNETLINK answers: File exists');
  if (verb === 'del' && !isThere) return refuse('RTNETLINK answers: No such process');
  const link = namespace.links.find(({ name }) => name === route.device);
  if (verb !== 'del' && link?.isUp !== true) return refuse('RTNETLINK answers: Network is down');
  namespace.routes = namespace.routes.filter((other) => !isSame(other));
  if (verb !== 'del') namespace.routes.push(route);
  return {};
}

function changeRule(
  namespace: FakeNamespace,
  verb: string,
  family: '4' | '6',
  words: readonly string[],
): Answer {
  const by = after(words, 'protocol') ?? '3';
  const rule = {
    family,
    from: after(words, 'from') ?? '',
    table: after(words, 'table') ?? '',
    protocol: by === 'static' ? '4' : by,
  };
  const isSame = (other: FakeRule): boolean => JSON.stringify(other) === JSON.stringify(rule);
  const at = namespace.rules.findIndex(isSame);
  // The kernel takes the same rule twice, and gives one back at a time.
  if (verb === 'add') namespace.rules.push(rule);
  else if (at < 0) return refuse('RTNETLINK answers: No such file or directory');
  else namespace.rules.splice(at, 1);
  return {};
}

function answerTool(namespace: FakeNamespace | undefined, words: readonly string[], input: string): Answer {
  if (namespace === undefined) return refuse('Cannot open network namespace: No such file or directory');
  if (words.join(' ') === 'nft list tables')
    return { stdout: [...namespace.tables.keys()].map((name) => `table ${name}\n`).join('') };
  if (words[0] !== 'nft') return {};
  for (const [, name = ''] of input.matchAll(/^delete table (.*)$/gm)) namespace.tables.delete(name);
  for (const [text, name = ''] of input.matchAll(/^table (.*) \{\n[^]*?^\}$/gm))
    namespace.tables.set(name, text);
  return {};
}

function routeOf(words: readonly string[], device: string): Omit<FakeRoute, 'family'> {
  return {
    destination: words[0] ?? '',
    device,
    table: after(words, 'table') ?? '254',
    protocol: '4',
    gateway: after(words, 'via'),
    source: after(words, 'src'),
    isOnLink: words.includes('onlink'),
  };
}

function takeLink(namespace: FakeNamespace, name: string): void {
  const index = namespace.links.findIndex((link) => link.name === name);
  if (index >= 0) namespace.links.splice(index, 1);
  namespace.routes = namespace.routes.filter(({ device }) => device !== name);
}

function after(words: readonly string[], word: string): string | undefined {
  const index = words.indexOf(word);
  return index < 0 ? undefined : words[index + 1];
}

// The kernel says this itself (extack), in either family's way.
function aboutAddress(address: string, what: string): string {
  return address.includes(':') ? `Error: ipv6: address ${what}.` : `Error: ipv4: Address ${what}.`;
}

function refuse(words: string): Answer {
  return { code: 2, stderr: `${words}\n` };
}
