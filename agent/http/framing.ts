// Requests that two readers could take for different ones, where Node's strict parser lets them pass: several Hosts,
// codings before `chunked`, chunked bodies in HTTP/1.0, versions that are not 1.x. Bare LF, folded headers, blanks
// before a colon and conflicting lengths never come here: the parser refuses them. Source: RFC 9112, 3.2, 6.1 and 11.2.

import type { IncomingMessage } from 'node:http';

/** Tells what is wrong with the framing of a request, undefined when nothing is. */
export function framingFault({ httpVersion, rawHeaders }: IncomingMessage): string | undefined {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return 'version: expected HTTP/1.1 or HTTP/1.0';
  const hosts = valuesOf(rawHeaders, 'host');
  if (hosts.length > 1 || (hosts.length === 0 && httpVersion === '1.1')) return 'Host: expected once';
  if (hosts.some((host) => /[^\x21-\x7e]|[,/?#@\\]/.test(host))) return 'Host: expected a name and a port';
  const codings = valuesOf(rawHeaders, 'transfer-encoding');
  if (codings.length === 0) return undefined;
  if (httpVersion === '1.0') return 'Transfer-Encoding: not known in HTTP/1.0';
  if (codings.length > 1 || codings[0]?.toLowerCase() !== 'chunked')
    return 'Transfer-Encoding: expected chunked';
  return valuesOf(rawHeaders, 'content-length').length > 0
    ? 'Content-Length: not with Transfer-Encoding'
    : undefined;
}

function valuesOf(rawHeaders: readonly string[], name: string): readonly string[] {
  return rawHeaders.filter(
    (_value, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name,
  );
}
