// Which npm packages are inside the bundle, as the bundler says, with version and licence as each says of itself.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Lists those of `bundles`, paths from the root, by name: `{ name, version, licence, text }`; `text` is the licence itself, '' where the package has none. */
export function bundledPackages(root, metafile, bundles) {
  const directories = new Set();
  for (const input of bundles.flatMap((path) => Object.keys(metafile.outputs[path].inputs))) {
    const found = /^((?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found !== null) directories.add(found[1]);
  }
  return [...directories].map((directory) => describe(join(root, directory))).sort(byName);
}

function describe(directory) {
  const { name, version, license, licenses } = JSON.parse(
    readFileSync(join(directory, 'package.json'), 'utf8'),
  );
  const licence = license?.type ?? license ?? licenses?.map(({ type }) => type).join(' OR ');
  if (typeof licence !== 'string' || licence === '') throw new Error(`${name} does not say its licence`);
  const file = readdirSync(directory).find((each) => /^licen[cs]e(\.|$)/i.test(each));
  return {
    name,
    version,
    licence,
    text: file === undefined ? '' : readFileSync(join(directory, file), 'utf8'),
  };
}

function byName(a, b) {
  return a.name === b.name ? (a.version < b.version ? -1 : 1) : a.name < b.name ? -1 : 1;
}
