// What keepalived reads for VRRP: a text that has passed the policy, and what the agent adds. The namespace is the
// agent's to enter, so that the line which names it goes. Host routes of Octavia's templates say `gateway`, which
// keepalived does not know: they become what they mean. Source: contract/vrrp.md, pitfalls 7 and 8.

import { createLiveText, type LiveLine, type LiveText } from './live-text';
import { readLines, type ConfigLine } from './lines';
import type { VrrpPaths } from './vrrp-paths';

const settled: ReadonlySet<string> = new Set(['net_namespace', 'script_user', 'enable_script_security']);

/** Makes keepalived's text from one that has passed the policy. */
export function vrrpLiveText(upload: string, { notifyScript }: Pick<VrrpPaths, 'notifyScript'>): LiveText {
  const source = upload.split('\n');
  const made: LiveLine[] = [];
  const blocks: string[] = [];
  let isNotified = false;
  for (const line of readLines(upload)) {
    const words = line.words.map(({ text }) => text);
    const [first = ''] = words;
    const from = line.number;
    if (words.at(-1) === '{') {
      blocks.push(first);
      if (first === 'vrrp_instance') isNotified = false;
    } else if (first === '}') {
      const closed = blocks.pop();
      if (closed === 'vrrp_instance' && !isNotified)
        made.push({ text: `    notify "${notifyScript}"`, from });
    } else if (first === 'notify') isNotified = true;
    made.push({ text: liveLine(line, source[from - 1] ?? '', blocks.at(-1)), from });
  }
  return createLiveText(made);
}

function liveLine({ words }: ConfigLine, text: string, block: string | undefined): string {
  if (settled.has(words[0]?.text ?? '')) return '';
  const isRoute = block === 'virtual_routes' && words.some((word) => word.text === 'gateway');
  return isRoute ? words.map((word) => (word.text === 'gateway' ? 'via' : word.text)).join(' ') : text;
}
