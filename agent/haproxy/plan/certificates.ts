// Which files a running haproxy can be given anew: certificates with their keys that `bind` lines or crt-lists name,
// and nothing else. Sources: HAProxy 2.6 management guide, 9.3 "set ssl cert"; configuration manual, 5.1 "crt", "crt-list".

import { crtListFiles } from '../config/crt-list';
import { namedFiles, type NamedFile } from '../config/files';
import { lexConfig } from '../config/lex';
import { globalLines } from '../config/sections';
import type { RuntimeChange } from '../runtime-change';
import { gather, reload, type Reload } from './reload';

// One word of a command, and absolute: haproxy knows a certificate by the very words of the configuration, before
// which it puts a `crt-base`.
const plainPath = /^\/[A-Za-z0-9_.:/@+=-]+$/;

/** Plans new content for files. */
export function planCertificates(
  text: string,
  changedFiles: readonly string[],
  crtLists: ReadonlyMap<string, string>,
): readonly RuntimeChange[] | Reload {
  if (changedFiles.length === 0) return [];
  // A chain that haproxy completes from elsewhere is for haproxy to complete.
  if (globalLines(text, new Set(['issuers-chain-path'])).length > 0)
    return reload('a certificate changes, and issuers-chain-path is set');
  const uses = usesOf(text, crtLists);
  return gather(changedFiles, (path): readonly RuntimeChange[] | Reload => {
    const ofIt = uses.filter((use) => use.path === path);
    const isServed =
      plainPath.test(path) && ofIt.length > 0 && ofIt.every(({ isBindCertificate }) => isBindCertificate);
    if (!isServed) return reload(`file ${path} changes, which is not just a certificate of a bind`);
    return [{ kind: 'certificate', path }];
  });
}

interface Use {
  readonly path: string;
  readonly isBindCertificate: boolean;
}

function usesOf(text: string, crtLists: ReadonlyMap<string, string>): readonly Use[] {
  const wordsByLine = new Map(lexConfig(text).map(({ number, words }) => [number, words] as const));
  const use = ({ path, kind }: NamedFile, isBind: boolean): Use => ({
    path,
    isBindCertificate: isBind && kind === 'certificate',
  });
  return namedFiles(text).flatMap((file) => {
    const words = wordsByLine.get(file.line) ?? [];
    const inList =
      file.kind === 'crt-list'
        ? crtListFiles(crtLists.get(file.path) ?? '').map((each) => use(each, true))
        : [];
    return [use(file, words[0] === 'bind' && !words.includes('ca-sign-file')), ...inList];
  });
}
