// What keepalived reads for VRRP: a text that has passed the policy, and what the agent adds. The account of scripts
// stands first: on a reload keepalived 2.2 settles it while reading, and drops every check that comes before. The
// namespace is the agent's to enter, so that the line which names it goes. Host routes of Octavia's templates say
// `gateway`, which keepalived does not know: they become what they mean. Source: contract/vrrp.md, pitfalls 7 and 8.

import { readLines, type ConfigLine } from './lines';
import type { VrrpPaths } from './vrrp-paths';

export interface VrrpLiveText {
  readonly text: string;
  /** Puts line numbers of the upload where keepalived's output gives those of this text. */
  renumber(output: string): string;
}

const settled: ReadonlySet<string> = new Set(['net_namespace', 'script_user', 'enable_script_security']);
const before = ['global_defs {', '    script_user root', '    enable_script_security', '}'];

/** Makes keepalived's text from one that has passed the policy. */
export function vrrpLiveText(
  upload: string,
  { notifyScript }: Pick<VrrpPaths, 'notifyScript'>,
): VrrpLiveText {
  const source = upload.split('\n');
  const made: { readonly text: string; readonly from: number }[] = before.map((text) => ({ text, from: 1 }));
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
  return {
    text: made.map(({ text }) => text).join('\n'),
    renumber: (output) =>
      output.replace(/\bLine (\d+)\)/g, (found, number: string) => {
        const from = made[Number(number) - 1]?.from;
        return from === undefined ? found : `Line ${from})`;
      }),
  };
}

function liveLine({ words }: ConfigLine, text: string, block: string | undefined): string {
  if (settled.has(words[0]?.text ?? '')) return '';
  const isRoute = block === 'virtual_routes' && words.some((word) => word.text === 'gateway');
  return isRoute ? words.map((word) => (word.text === 'gateway' ? 'via' : word.text)).join(' ') : text;
}
