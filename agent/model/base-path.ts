// What may lie in base_path: Octavia's own names, which its images, controllers and templates use, and ours.
// Source: contract/octavia-1.0.md, DESIGN "On disk".

import { isUuid } from './ids';
import { isDiscardedName, isTemporaryName } from './leftover';
import { basePathNames } from './reserved-names';

/** Tells whether a name in base_path is one of Octavia's or ours; `ids` are the load balancers that are there. */
export function isKnownEntry(name: string, ids: ReadonlySet<string>): boolean {
  const bare = name.replace(/\.sock(?:\.\d+\.(?:tmp|bak))?$/, '');
  return (
    basePathNames.has(name) || isUuid(bare) || ids.has(bare) || isTemporaryName(name) || isDiscardedName(name)
  );
}
