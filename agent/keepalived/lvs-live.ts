// What keepalived reads for one listener: the upload, and before it the account of scripts. The namespace is the agent's
// to enter (`ip netns exec`), so that the line which names it is left out: on a machine without namespaces the same
// upload works.

import { createLiveText, type LiveText } from './live-text';
import { readLines } from './lines';

/** Makes keepalived's text from an upload that has passed the policy. */
export function lvsLiveText(upload: string): LiveText {
  const lines = upload.split('\n');
  return createLiveText(
    readLines(upload).map(({ words, number }) => ({
      text: words[0]?.text === 'net_namespace' ? '' : (lines[number - 1] ?? ''),
      from: number,
    })),
  );
}
