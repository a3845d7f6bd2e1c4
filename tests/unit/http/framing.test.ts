// What the parser lets pass and two readers could take for different requests.

import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { framingFault } from '../../../agent/http/framing';

const faultOf = (httpVersion: string, ...rawHeaders: string[]): string | undefined =>
  framingFault({ httpVersion, rawHeaders } as unknown as IncomingMessage);

describe('framing', () => {
  it.each([
    ['1.1', ['Host', '[2001:db8::1]:9443']],
    ['1.1', ['Host', '']],
    ['1.1', ['host', 'amphora.example', 'Transfer-Encoding', 'CHUNKED']],
    ['1.0', ['Content-Length', '3']],
  ])('of HTTP/%s %j is clear', (version, headers) => {
    expect(faultOf(version, ...headers)).toBeUndefined();
  });

  it.each([
    ['0.9', ['Host', 'x'], 'version'],
    ['2.0', ['Host', 'x'], 'version'],
    ['1.1', [], 'Host'],
    ['1.1', ['Host', 'x', 'HOST', 'x'], 'Host'],
    ['1.1', ['Host', 'user@x'], 'Host'],
    ['1.1', ['Host', 'x\u00e9'], 'Host'],
    ['1.0', ['Transfer-Encoding', 'chunked'], 'Transfer-Encoding'],
    ['1.1', ['Host', 'x', 'Transfer-Encoding', 'gzip, chunked'], 'Transfer-Encoding'],
    ['1.1', ['Host', 'x', 'Transfer-Encoding', 'chunked', 'Content-Length', '3'], 'Content-Length'],
  ])('of HTTP/%s %j is refused', (version, headers, word) => {
    expect(faultOf(version, ...headers)).toMatch(word);
  });
});
