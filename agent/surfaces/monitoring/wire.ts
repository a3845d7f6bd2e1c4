// A verdict on the wire: JSON, or lines of text for whoever asks for text/plain. 200 or 503, which is all that most who
// ask look at.

import type { Verdict } from '../../core/readiness';
import { json, text, type Reply } from '../../http/reply';

const headers = { 'Cache-Control': 'no-store' };

/** Answers with a verdict; `word` is what it is about. */
export function verdictReply(word: 'live' | 'ready', { isWell, reasons }: Verdict, accept = ''): Reply {
  const status = isWell ? 200 : 503;
  if (!accept.includes('text/plain')) return json(status, { [word]: isWell, reasons }, headers);
  const lines = [isWell ? word : `not ${word}`, ...reasons.map(({ check, what }) => `${check}: ${what}`)];
  return text(status, `${lines.join('\n')}\n`, headers);
}
