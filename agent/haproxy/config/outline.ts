// What a configuration sets up, in outline: frontends with the addresses they take, backends with their servers, as
// worded. Source: HAProxy 2.6 configuration manual, chapter 4 "bind", "server", "server-template".

import { readFrontends, readSections, type Frontend } from './sections';

export interface Outline {
  readonly frontends: readonly (Frontend & { readonly addresses: readonly string[] })[];
  readonly backends: readonly OutlinedBackend[];
}

export interface OutlinedBackend {
  readonly name: string;
  readonly servers: readonly { readonly name: string; readonly address: string }[];
}

/** Reads the outline. Servers stamped out of templates are not among them: haproxy names those. */
export function readOutline(text: string): Outline {
  const sections = readSections(text);
  const addresses = new Map<string, readonly string[]>();
  const backends: OutlinedBackend[] = [];
  for (const { keyword, name, lines } of sections) {
    const binds = lines
      .filter(({ words }) => words[0] === 'bind')
      .flatMap(({ words }) => (words[1] ?? '').split(','));
    const servers = lines
      .filter(({ words }) => words[0] === 'server')
      .map(({ words }) => ({ name: words[1] ?? '', address: words[2] ?? '' }));
    if (keyword === 'frontend' || keyword === 'listen') addresses.set(name, binds);
    if (keyword === 'backend' || (keyword === 'listen' && servers.length > 0))
      backends.push({ name, servers });
  }
  const frontends = readFrontends(text).map((each) => ({
    ...each,
    addresses: addresses.get(each.name) ?? [],
  }));
  return { frontends, backends };
}
