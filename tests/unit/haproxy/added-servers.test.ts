// Servers added at run time, in the words of `add server` and of a configuration.

import { describe, expect, it } from '@jest/globals';
import {
  addedServerWords,
  addressWord,
  withoutOwnWord,
  withServerLines,
  type AddedServer,
} from '../../../agent/haproxy/added-servers';

const plain: AddedServer = { backend: 'b', name: 'n1', address: '192.0.2.9', port: 80, check: false };
const full: AddedServer = {
  ...plain,
  name: 'n2',
  address: '2001:db8::9',
  check: true,
  weight: 5,
  maxConnections: 100,
  backup: true,
  checkIntervalMs: 500,
  fall: 3,
  rise: 2,
};
const text = [
  'frontend b',
  ' bind :80',
  'backend b',
  ' server m1 192.0.2.1:80 # the first',
  ' # end',
  '',
  'backend c',
  ' server-template t 1-3 192.0.2.2:80',
  '',
].join('\n');

describe('a server line', () => {
  it('is the last of its backend, and all other lines stay as they were', () => {
    const lines = withServerLines(text, [plain]).split('\n');
    expect(lines[4]).toBe('    server n1 192.0.2.9:80');
    expect(lines.filter((_, index) => index !== 4).join('\n')).toBe(text);
  });

  it('has every figure in the words of haproxy', () => {
    expect(withServerLines(text, [full])).toContain(
      'server n2 [2001:db8::9]:80 check backup weight 5 maxconn 100 inter 500 fall 3 rise 2\n',
    );
    expect(addressWord(full)).toBe('[2001:db8::9]:80');
    expect(addedServerWords(plain)).toEqual([]);
  });

  it('undoes what a default-server would switch on: a server that was added at run time has none of it', () => {
    const line = withServerLines(`defaults\n default-server ssl check\n${text}`, [plain]);
    expect(line).toContain(
      'server n1 192.0.2.9:80 no-check no-backup no-agent-check no-ssl no-check-ssl no-send-proxy no-send-proxy-v2 weight 1\n',
    );
  });

  it('goes into `listen` sections too, and nowhere without a backend', () => {
    expect(withServerLines('listen b\n bind :80', [plain])).toBe(
      'listen b\n bind :80\n    server n1 192.0.2.9:80',
    );
    expect(withServerLines('frontend b\n bind :80', [plain])).toBe('frontend b\n bind :80');
  });
});

describe('the configuration', () => {
  it.each([
    ['names the server itself', { backend: 'b', name: 'm1' }],
    ['stamps it out of a template', { backend: 'c', name: 't2' }],
    ['has no such backend', { backend: 'gone', name: 'n1' }],
  ])('has the last word when it %s', (_, server) => {
    expect(withoutOwnWord(text, [server])).toEqual([]);
  });

  it('leaves all others', () => {
    expect(withoutOwnWord(text, [plain, full])).toEqual([plain, full]);
    expect(withoutOwnWord(text, [])).toEqual([]);
  });
});
