// Holds a configuration, and the crt-lists that it names, against the policy: at every upload and again at every
// activation, because files change in between. Source: DESIGN "Configuration policy".

import { join } from 'node:path';
import type { Files } from '../host/files';
import { checkCrtList, crtListFiles } from '../haproxy/config/crt-list';
import { namedFiles, pathsBeside } from '../haproxy/config/files';
import { checkPolicy } from '../haproxy/config/policy';
import { refusePolicyFaults, type PolicyContext } from '../haproxy/config/policy-fault';
import { AgentError } from '../model/errors';
import type { LoadBalancerId } from '../model/ids';

export interface PolicyGuard {
  /** Throws `config-rejected` naming every line that the policy refuses, of the text and of its crt-lists. */
  refuseFaults(id: LoadBalancerId, text: string): Promise<void>;
  /** Paths of all files whose content haproxy reads with this text, those of its crt-lists included. */
  filesOf(text: string): Promise<readonly string[]>;
  /** The content of each crt-list that the text names, by path; '' for one that is not there. */
  crtListsOf(text: string): Promise<ReadonlyMap<string, string>>;
}

export interface PolicyGuardDeps {
  readonly files: Files;
  readonly contextOf: (id: LoadBalancerId) => PolicyContext;
}

/** Makes the guard. */
export function createPolicyGuard({ files, contextOf }: PolicyGuardDeps): PolicyGuard {
  const crtLists = (text: string): readonly string[] =>
    namedFiles(text)
      .filter(({ kind }) => kind === 'crt-list')
      .map(({ path }) => path);

  // What looks like a directory may be a file without a suffix: then it stands for itself.
  async function filesIn(path: string): Promise<readonly string[]> {
    if ((await files.stat(path))?.kind !== 'directory') return [path];
    return (await files.list(path)).map((name) => join(path, name));
  }

  async function existing(paths: readonly string[]): Promise<readonly string[]> {
    const stats = await Promise.all(paths.map((path) => files.stat(path)));
    return paths.filter((_, index) => stats[index] !== undefined);
  }

  return {
    async refuseFaults(id, text) {
      const context = contextOf(id);
      refusePolicyFaults(checkPolicy(text, context));
      if (context.mode === 'permissive') return;
      for (const path of crtLists(text)) {
        // What is not there is for haproxy to complain about.
        const list = (await files.readText(path)) ?? '';
        const faults = checkCrtList(list, context).map(
          (fault) => `${path} line ${fault.line}: ${fault.word}: ${fault.reason}`,
        );
        if (faults.length === 0) continue;
        throw new AgentError('config-rejected', 'The configuration policy refuses a crt-list', {
          detail: faults.join('\n'),
        });
      }
    },
    async crtListsOf(text) {
      const lists = crtLists(text).map(async (path) => [path, (await files.readText(path)) ?? ''] as const);
      return new Map(await Promise.all(lists));
    },
    async filesOf(text) {
      const named = [...namedFiles(text)];
      for (const path of crtLists(text)) named.push(...crtListFiles((await files.readText(path)) ?? ''));
      const paths: string[] = [];
      for (const { path, kind, hasContent } of named) {
        if (kind === 'certificate-directory') paths.push(...(await filesIn(path)));
        else if (hasContent) paths.push(path);
        if (kind === 'certificate') paths.push(...(await existing(pathsBeside(path))));
      }
      return [...new Set(paths)];
    },
  };
}
