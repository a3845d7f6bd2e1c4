// Decides what of a new configuration a running haproxy can do itself. It names what is known to come out as after a
// reload; any doubt is a reload. Sources: HAProxy 2.6 management guide, 9.3; contract/dataplane.md 7; what was seen of
// haproxy is told in docs/changes-without-reload.md.

import { readBackends, isServerLine } from './plan/backends';
import { planCertificates } from './plan/certificates';
import { comparable } from './plan/compare';
import { isReload } from './plan/reload';
import { planBackend, type Surroundings } from './plan/servers';
import type { ConfigLine } from './config/lex';
import type { Section } from './config/sections';
import type { ExpectedServer, RuntimeChange, RuntimePlan, RuntimePlanInput } from './runtime-change';

/** Plans the way from one configuration to another. Pure. */
export function planRuntimeChange(input: RuntimePlanInput): RuntimePlan {
  const { running, wanted, changedFiles, crtLists, version } = input;
  if (!canBeChanged(version)) return because(`haproxy ${version} is not known to take changes`);
  const sections = comparable(running, wanted);
  if (isReload(sections)) return because(sections.reload);
  const certificates = planCertificates(wanted, changedFiles, crtLists);
  if (isReload(certificates)) return because(certificates.reload);
  const around = surroundingsOf(sections.before);
  const before = readBackends(sections.before);
  const changes: RuntimeChange[] = [...certificates];
  const expected: ExpectedServer[] = [];
  for (const [at, after] of readBackends(sections.after).entries()) {
    const was = before[at];
    if (was === undefined) return because('sections come, go or move');
    const plan = planBackend(was, after, around);
    if (isReload(plan)) return because(plan.reload);
    if (plan.changes.length > 0 && isTwice(before, after.name))
      return because(`backend ${after.name} stands there twice`);
    changes.push(...plan.changes);
    expected.push(...plan.expected);
  }
  return { kind: 'runtime', changes: inOrder(changes), expected };
}

function because(reason: string): RuntimePlan {
  return { kind: 'reload', reason };
}

/** 2.6 is the first that adds servers without `experimental-mode`. */
function canBeChanged(version: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)\D/.exec(`${version} `) ?? [];
  return Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 6);
}

function isTwice(backends: readonly { readonly name: string }[], name: string): boolean {
  return backends.filter((each) => each.name === name).length > 1;
}

// Traffic lacks a server at no moment: what serves comes before what ceases to.
function inOrder(changes: readonly RuntimeChange[]): readonly RuntimeChange[] {
  return changes.toSorted((a, b) => rank(a) - rank(b));
}

function rank(change: RuntimeChange): number {
  if (change.kind === 'weight') return change.weight > 0 ? 3 : 5;
  if (change.kind === 'standing') return change.standing === 'ready' ? 4 : 6;
  return { certificate: 0, add: 1, address: 2, remove: 7 }[change.kind];
}

function surroundingsOf(sections: readonly Section[]): Surroundings {
  const ofBackends = (isServers: boolean): readonly ConfigLine[] =>
    sections.flatMap(({ keyword, lines }) =>
      lines.filter((line) => (keyword === 'backend' && isServerLine(line)) === isServers),
    );
  const servers = ofBackends(true).map(({ words }) => words);
  const others = ofBackends(false).map(({ words }) => words);
  const allServerWords = [...servers, ...others.filter(([first]) => first?.includes('server') === true)];
  // Names of haproxy's own alphabet, wherever they stand in a proxy: `use-server m1`, `srv_is_up(pool/m1)`.
  const ofProxies = sections
    .filter(({ keyword }) => keyword !== 'global')
    .flatMap(({ keyword, lines }) => lines.filter((line) => keyword !== 'backend' || !isServerLine(line)))
    .map(({ words }) => words);
  const names = new Set(
    ofProxies.flatMap((words) => words.flatMap((word) => word.split(/[^A-Za-z0-9_.:-]+/))),
  );
  return {
    loads: (keyword, path) =>
      servers.some((words) => words.some((word, at) => word === keyword && words[at + 1] === path)),
    isNamedElsewhere: (server) => names.has(server),
    hasTracking: allServerWords.some((words) => words.includes('track')),
    keepsAddresses: others.some((words) => words.includes('srvkey') && words.includes('addr')),
  };
}
