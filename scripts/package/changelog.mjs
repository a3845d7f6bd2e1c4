// Debian's changelog of the package: one entry, the version itself; what changed for users is in CHANGELOG.md.
import { maintainer } from './deb.mjs';

/** Renders it. */
export function changelog({ name, version, epoch }) {
  const date = new Date(epoch * 1000).toUTCString().replace('GMT', '+0000');
  return `${name} (${version}) stable; urgency=medium\n\n  * Version ${version}; see CHANGELOG.md of the sources.\n\n -- ${maintainer}  ${date}\n`;
}
