// Decides what is added to, replaced in, and without root taken from, an uploaded configuration: user and group, admin
// socket, log target, the helper of PING monitors. Source: DESIGN "haproxy processes".

import type { Template } from '../model/template';
import { lexConfig } from './config/lex';
import { globalLines } from './config/sections';
import { renderOverlay } from './render';
import type { HaproxyPaths } from './paths';

export interface OverlayOptions {
  /** The account that haproxy drops to; undefined when the agent is not root and no account can be taken. */
  readonly runAs: { readonly user: string; readonly group: string } | undefined;
  /** Log sockets that exist on this machine, the preferred one first; empty: haproxy's own log file. */
  readonly logSockets: readonly string[];
  /** Facility of haproxy's traffic log: 0–7 for local0 … local7. */
  readonly userLogFacility: number;
  /** Facility to which its notices, warnings and worse go as well. */
  readonly administrativeLogFacility: number;
  /** Seconds after which a replaced worker is cut with its sessions; undefined: never, unless the upload says so. */
  readonly hardStopAfter: number | undefined;
  readonly template: Template;
  /** The helper of PING monitors: where Octavia's templates say that it lies, and where it does. */
  readonly pingHelper: PingHelper;
}

export interface PingHelper {
  readonly named: string;
  readonly installed: string;
}

/**
 * What haproxy reads in the end: the overlay, and the upload with the helper's real path, without what only root can do
 * when that is asked.
 */
export interface EffectiveConfig {
  readonly overlay: string;
  /** The upload, line for line, without those that cannot be honoured. */
  readonly text: string;
  /** The lines that could not be honoured, as `number: words`. */
  readonly dropped: readonly string[];
}

const accountKeywords: ReadonlySet<string> = new Set(['user', 'group', 'uid', 'gid', 'chroot']);

/** Derives what haproxy reads from an uploaded configuration. Pure. */
export function effectiveConfig(
  upload: string,
  paths: HaproxyPaths,
  options: OverlayOptions,
): EffectiveConfig {
  const accounts = globalLines(upload, accountKeywords);
  const names = (...keywords: string[]): boolean =>
    accounts.some((line) => keywords.includes(line.words[0] ?? ''));
  const overlay = renderOverlay(options.template, {
    user: options.runAs !== undefined && !names('user', 'uid') ? options.runAs.user : '',
    group: options.runAs !== undefined && !names('group', 'gid') ? options.runAs.group : '',
    adminSocket: paths.adminSocket,
    hardStopAfter: hardStopAfter(upload, options),
    logs: globalLines(upload, new Set(['log'])).length > 0 ? [] : logTargets(options),
  });
  const helped = nameInstalledHelper(upload, options.pingHelper);
  if (options.runAs !== undefined) return { overlay, text: helped, dropped: [] };
  return {
    overlay,
    // Blanked, not removed: haproxy's line numbers stay those of the upload.
    text: replaceLines(helped, new Map(accounts.map((line) => [line.number, '']))),
    dropped: accounts.map((line) => `${line.number}: ${line.words.join(' ')}`),
  };
}

// The upload's own word counts: haproxy would take the later one, which is the overlay's.
function hardStopAfter(upload: string, options: OverlayOptions): string {
  const isSet = globalLines(upload, new Set(['hard-stop-after'])).length > 0;
  return options.hardStopAfter === undefined || isSet ? '' : `${Math.round(options.hardStopAfter * 1_000)}ms`;
}

// As Octavia's template has it. A file needs its lines only once, whatever their facility.
function logTargets({
  logSockets: [socket],
  userLogFacility,
  administrativeLogFacility,
}: OverlayOptions): readonly string[] {
  if (socket === undefined) return [`stdout format iso local${userLogFacility}`];
  return [`${socket} local${userLogFacility}`, `${socket} local${administrativeLogFacility} notice`];
}

// The templates know one directory only; the agent installs the helper in its own.
function nameInstalledHelper(text: string, { named, installed }: PingHelper): string {
  if (named === installed || !text.includes(named)) return text;
  const commands = lexConfig(text).filter(
    ({ words: [what, kind, path] }) => what === 'external-check' && kind === 'command' && path === named,
  );
  const line = `    external-check command ${installed}`;
  return replaceLines(text, new Map(commands.map(({ number }) => [number, line])));
}

function replaceLines(text: string, lines: ReadonlyMap<number, string>): string {
  return text
    .split('\n')
    .map((line, index) => lines.get(index + 1) ?? line)
    .join('\n');
}
