// Versions of Debian packages, from dpkg's own status file (deb-control(5) paragraphs; dpkg replaces the file by
// rename, so a changed one has another inode). Asking dpkg-query would cost a process per request.

import type { Files } from '../host/files';

export interface PackageVersions {
  /** Gives the version of each named package that is installed. Throws `unavailable` when the file cannot be read. */
  versions(names: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

interface Parsed {
  readonly stamp: string;
  readonly installed: Promise<ReadonlyMap<string, string>>;
}

/** Makes a reader that parses the status file once and keeps the result until the file changes. */
export function createPackageVersions(files: Files, statusPath = '/var/lib/dpkg/status'): PackageVersions {
  let kept: Parsed | undefined;

  async function installed(): Promise<ReadonlyMap<string, string>> {
    // The stamp is taken before the content: a file that is replaced in between is parsed again next time.
    const stat = await files.stat(statusPath);
    const stamp = stat === undefined ? 'absent' : `${stat.inode} ${stat.size} ${stat.mtimeMs}`;
    if (kept?.stamp === stamp) return kept.installed;
    const parsing: Parsed = { stamp, installed: readInstalled(files, statusPath) };
    kept = parsing;
    try {
      return await parsing.installed;
    } catch (thrown) {
      if (kept === parsing) kept = undefined;
      throw thrown;
    }
  }

  return {
    async versions(names) {
      const all = await installed();
      return new Map(
        names.flatMap((name) => {
          const version = all.get(name);
          return version === undefined ? [] : [[name, version] as const];
        }),
      );
    },
  };
}

async function readInstalled(files: Files, statusPath: string): Promise<ReadonlyMap<string, string>> {
  return parseInstalled((await files.readHostText(statusPath)) ?? '');
}

/** Parses the text of a dpkg status file into the versions of the packages that are installed, held ones included. */
export function parseInstalled(text: string): ReadonlyMap<string, string> {
  const versions = new Map<string, string>();
  for (const paragraph of text.split(/\n\n+/)) {
    const name = field(paragraph, 'Package');
    const version = field(paragraph, 'Version');
    const isInstalled = field(paragraph, 'Status')?.endsWith(' ok installed') === true;
    if (name !== undefined && version !== undefined && isInstalled) versions.set(copy(name), copy(version));
  }
  return versions;
}

// Anchored at a line's start, so that continuation lines, which begin with a blank, are never taken for a field.
function field(paragraph: string, name: string): string | undefined {
  return new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(paragraph)?.[1]?.trimEnd();
}

// V8 keeps the whole megabyte alive behind a slice of it.
function copy(slice: string): string {
  return Buffer.from(slice, 'utf8').toString('utf8');
}
