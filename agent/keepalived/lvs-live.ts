// What keepalived reads for one listener: the upload, and at its end what the agent adds. The end, so that the numbers
// of the lines are the upload's. The namespace is the agent's to enter (`ip netns exec`), so that the line which names it
// is left out: on a machine without namespaces the same upload works. Source: contract/vrrp.md, pitfalls 7 and 8.

import { readLines } from './lines';

// Without a user and with scripts that others could write keepalived would not run checks, and says so in its log only.
const added = ['global_defs {', '    script_user root', '    enable_script_security', '}', ''];

/** Makes keepalived's text from an upload that has passed the policy. */
export function lvsLiveText(upload: string): string {
  const lines = upload.split('\n');
  const kept = readLines(upload).map(({ words }, index) =>
    words[0]?.text === 'net_namespace' ? '' : (lines[index] ?? ''),
  );
  return [...kept, ...added].join('\n');
}
