// crt-lists as haproxy's crtlist_parse_line() reads them, and the policy on them.

import { describe, expect, it } from '@jest/globals';
import { checkCrtList, crtListFiles, readCrtList } from '../../../../agent/haproxy/config/crt-list';
import { certs, context, id } from './hostile-lines';

const own = `${certs}/${id}`;

describe('the lines of a crt-list', () => {
  it.each([
    ['a path alone', '/c/a.pem\n', ['/c/a.pem', [], []]],
    ['blanks around it', ' \t/c/a.pem \r\n', ['/c/a.pem', [], []]],
    [
      'names to present it for',
      '/c/a.pem *.example.com !x.example.com\n',
      ['/c/a.pem', [], ['*.example.com', '!x.example.com']],
    ],
    [
      'options',
      '/c/a.pem [alpn h2 ca-file /c/ca.pem] www\n',
      ['/c/a.pem', ['alpn', 'h2', 'ca-file', '/c/ca.pem'], ['www']],
    ],
    ['options that touch', '/c/a.pem[allow-0rtt]www\n', ['/c/a.pem', ['allow-0rtt'], ['www']]],
    ['quotes, which are nothing special', '"/c/a.pem"\n', ['"/c/a.pem"', [], []]],
    ['a hash that is not in the first column', ' #x\n', ['#x', [], []]],
    ['no line feed at the end', '/c/a.pem', ['/c/a.pem', [], []]],
  ])('%s', (_what, text, [path, options, filters]) => {
    expect(readCrtList(text)).toEqual([{ line: 1, path, options, filters }]);
  });

  it('keep their numbers although comments and empty ones are left out', () => {
    const text = '# /c/no.pem\n\n\r\n   \n/c/a.pem\n#\n/c/b.pem\n';
    expect(readCrtList(text).map(({ line, path }) => `${line} ${path}`)).toEqual([
      '5 /c/a.pem',
      '7 /c/b.pem',
    ]);
  });

  it('name certificates, and authorities in their options', () => {
    const files = crtListFiles(
      '/c/a.pem [ca-file /c/ca.pem verify required crl-file /c/crl.pem]\n/c/b.pem\n',
    );
    expect(files.map(({ line, kind, path }) => `${line} ${kind} ${path}`)).toEqual([
      '1 certificate /c/a.pem',
      '1 ca /c/ca.pem',
      '1 crl /c/crl.pem',
      '2 certificate /c/b.pem',
    ]);
  });
});

describe('the policy on crt-lists', () => {
  it("lets pass what lies in the load balancer's own directory", () => {
    const text = `# mine\n${own}/a.pem\n${own}/b.pem [alpn h2,http/1.1 ssl-min-ver TLSv1.2 ca-file ${own}/ca.pem] *.example.com\n`;
    expect(checkCrtList(text, context)).toEqual([]);
    expect(checkCrtList('', context)).toEqual([]);
  });

  it.each([
    '/etc/ssl/private/ssl-cert-snakeoil.key',
    `${certs}/0a0a0a0a-6d6f-4c6c-9b0a-2f6a3f3b8a11/a.pem`,
    `${own}/../0a0a0a0a-6d6f-4c6c-9b0a-2f6a3f3b8a11/a.pem`,
    `${own}//a.pem`,
    'a.pem',
    ` /etc/shadow ${own}/a.pem`,
    ' #/etc/shadow',
    `"${own}/a.pem"`,
    `${own}/a.pem [ca-file /etc/shadow]`,
    `${own}/a.pem[crl-file /etc/shadow]`,
    `${own}/a.pem [ca-verify-file /etc/shadow] www`,
    `${own}/a.pem [alpn h2 ca-file ca.pem]`,
    `${own}/a.pem [crt ${own}/b.pem]`,
    '[ca-file /etc/shadow]',
    `${own}/a\u0000b.pem`,
  ])('refuses, naming the line: %s', (line) => {
    const faults = checkCrtList(`# one\n${own}/a.pem\n${line}\n`, context);
    expect(faults.map((fault) => fault.line)).toEqual([3]);
  });

  it('refuses nothing in permissive mode', () => {
    expect(checkCrtList('/etc/x\n', { ...context, mode: 'permissive' })).toEqual([]);
  });
});
