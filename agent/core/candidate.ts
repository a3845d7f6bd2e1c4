// A configuration as haproxy would read it, put beside the real files for as long as haproxy looks at it.

import type { Files } from '../host/files';
import type { ConfigCheck } from '../haproxy/check';
import type { EffectiveConfig } from '../haproxy/overlay';

export interface CandidateDeps {
  readonly files: Files;
  readonly check: ConfigCheck;
}

export interface CandidatePaths {
  readonly text: string;
  readonly overlay: string;
}

/** Has haproxy check a candidate and takes its files away again, whatever comes of it. Throws what the check throws. */
export async function checkCandidate(
  { files, check }: CandidateDeps,
  paths: CandidatePaths,
  effective: EffectiveConfig,
  peer: string,
): Promise<void> {
  try {
    await files.writeAtomic(paths.text, effective.text, 0o600);
    await files.writeAtomic(paths.overlay, effective.overlay, 0o600);
    await check({ configPaths: [paths.text, paths.overlay], peer });
  } finally {
    await files.remove(paths.text);
    await files.remove(paths.overlay);
  }
}
