// What the words of a `server` line come to, with those of the `default-server` lines before it: later words count,
// `no-check` takes `check` back. Sources: HAProxy 2.6 configuration manual, 5.2; v2.6.0 src/server.c (srv_kws),
// src/check.c, src/cfgparse-ssl.c.

import { serverOptions } from '../config/policy-options';
import type { PlannedServer } from './backends';
import { isReload, reload, type Reload } from './reload';

/** A server as configured, apart from its name and place. */
export interface ServerWords {
  /** 0–256. */
  readonly weight: number;
  readonly isDisabled: boolean;
  /** Everything else by keyword, with the words after it, in the order in which the keywords were first met. */
  readonly settings: ReadonlyMap<string, readonly string[]>;
  /** What one word has set and a later one has taken back. */
  readonly undone: readonly string[];
  /** All words but those of weight and standing, as they stand. */
  readonly others: readonly string[];
}

/** Reads the words of the `default-server` lines before a server and then its own. */
export function readServerWords({ inherited, words }: PlannedServer): ServerWords | Reload {
  const all = [...inherited, ...words];
  const settings = new Map<string, readonly string[]>();
  const undone: string[] = [];
  const others: string[] = [];
  let isDisabled = false;
  for (let at = 0; at < all.length;) {
    const keyword = all[at] ?? '';
    const kinds = serverOptions.get(keyword);
    if (kinds === undefined) return reload(`"${keyword}" is no word of a server that is known`);
    const values = all.slice(at + 1, at + 1 + kinds.length);
    if (values.length < kinds.length) return reload(`"${keyword}" has no value`);
    at += 1 + kinds.length;
    if (keyword === 'disabled' || keyword === 'enabled') isDisabled = keyword === 'disabled';
    else if (keyword === 'weight') settings.set(keyword, values);
    else {
      others.push(keyword, ...values);
      const opposite = keyword.replace(/^no-/, '');
      if (opposite === keyword || !serverOptions.has(opposite)) settings.set(keyword, values);
      else if (settings.delete(opposite)) undone.push(opposite);
      else settings.set(keyword, values);
    }
  }
  const weight = readWeight(settings.get('weight'));
  settings.delete('weight');
  return isReload(weight) ? weight : { ...weight, isDisabled, settings, undone, others };
}

function readWeight(words: readonly string[] | undefined): { readonly weight: number } | Reload {
  const [word = '1'] = words ?? [];
  const weight = Number(word);
  if (!/^\d{1,3}$/.test(word) || weight > 256) return reload(`weight ${word} is no number from 0 to 256`);
  return { weight };
}

/** Says in what two servers differ beyond weight and standing; undefined when in nothing. */
export function differenceOf(a: ServerWords, b: ServerWords): string | undefined {
  if (a.others.join('\0') === b.others.join('\0')) return undefined;
  const keywords = new Set([...a.settings.keys(), ...b.settings.keys()]);
  const valueOf = ({ settings }: ServerWords, keyword: string): string | undefined =>
    settings.get(keyword)?.join('\0');
  return [...keywords].find((keyword) => valueOf(a, keyword) !== valueOf(b, keyword)) ?? 'order of words';
}
