// The Node that the bundled package brings: from the npm package pinned in node.json, its checksum held against the pin.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Fetches and unpacks it, once; resolves with `{ version, integrity, binary, licence }`. */
export function fetchNode(root) {
  const pin = JSON.parse(readFileSync(join(root, 'scripts/package/node.json'), 'utf8'));
  const cache = join(root, 'out', 'cache');
  mkdirSync(cache, { recursive: true });
  const tarball = join(cache, `${pin.package}-${pin.version}.tgz`);
  if (!existsSync(tarball)) {
    execFileSync('npm', ['pack', '--silent', '--pack-destination', cache, `${pin.package}@${pin.version}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  const found = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
  if (found !== pin.integrity) {
    rmSync(tarball);
    throw new Error(`${pin.package}@${pin.version}: its checksum is ${found}, pinned is ${pin.integrity}`);
  }
  const directory = join(cache, `${pin.package}-${pin.version}`);
  if (!existsSync(join(directory, 'bin', 'node'))) {
    mkdirSync(directory, { recursive: true });
    execFileSync('tar', ['-xzf', tarball, '-C', directory, '--strip-components=1']);
  }
  return {
    ...pin,
    binary: join(directory, 'bin', 'node'),
    licence: readFileSync(join(directory, 'LICENSE'), 'utf8'),
  };
}
