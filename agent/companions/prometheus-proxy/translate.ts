// haproxy's exposition text to Octavia's, line by line as it comes. Source: Prometheus text format 0.0.4.

import { StringDecoder } from 'node:string_decoder';
import { Transform } from 'node:stream';
import { octaviaMetrics, type OctaviaMetric } from './names';

// haproxy's names take 255 bytes at most, and a line two of them.
const longestLine = 16 * 1024;
// The endpoint that this proxy itself asks, and the backend that leads to it: not a user's.
const innerProxies = 'prometheus-exporter';

/** Translates one line without its end; undefined when it is not shown. */
export function translateLine(line: string): string | undefined {
  if (line.includes(innerProxies)) return undefined;
  const [, head = '', name = '', rest = ''] = /^(# (?:HELP|TYPE) )?(haproxy_\w+)([ {].*)$/.exec(line) ?? [];
  const metric = octaviaMetrics.get(name);
  if (metric === undefined) return undefined;
  if (head === '# HELP ' && metric.help !== undefined) return `${head}${metric.name} ${metric.help}`;
  return `${head}${metric.name}${head === '' ? relabelled(rest, metric) : rest}`;
}

function relabelled(rest: string, { labels }: OctaviaMetric): string {
  return rest.replace(
    /([{,])(\w+)=/g,
    (_, before: string, label: string) => `${before}${labels[label] ?? label}=`,
  );
}

/** Makes a stream that takes haproxy's text and gives Octavia's. It holds one line at most, and fails on one that is too long. */
export function createTranslator(): Transform {
  const decoder = new StringDecoder('utf8');
  let begun = '';
  const translated = (lines: readonly string[]): string =>
    lines.map((line) => translateLine(line)).reduce<string>(append, '');
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const lines = (begun + decoder.write(chunk)).split('\n');
      begun = lines.pop() ?? '';
      if (begun.length > longestLine) done(new Error(`a line of over ${longestLine} characters`));
      else done(null, translated(lines));
    },
    flush(done) {
      done(null, translated([begun]));
    },
  });
}

function append(text: string, line: string | undefined): string {
  return line === undefined ? text : `${text}${line}\n`;
}
