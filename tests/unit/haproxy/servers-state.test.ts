// What a state file tells the next haproxy: what differs from the configuration in force, and nothing else.

import { describe, expect, it } from '@jest/globals';
import { serversStateInForce } from '../../../agent/haproxy/servers-state';

const head =
  '1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_port';
const text = 'backend b\n server m 192.0.2.1:80 weight 5\n server n 192.0.2.2:80 disabled\n';
const worded = (row: string, touched: readonly string[] = [], next = text): string | undefined =>
  serversStateInForce(`${head}\n${row}\n\n`, { text, touched }, next).split('\n')[2];

describe('A state file', () => {
  it.each([
    ['a weight that a configuration has set', '3 b 1 m 192.0.2.1 2 0 5 1 80', '3 b 1 m 192.0.2.1 2 0 5 5 80'],
    ['a weight that an operator has set', '3 b 1 m 192.0.2.1 2 0 9 1 80', '3 b 1 m 192.0.2.1 2 0 9 5 80'],
    ['a server that is enabled now', '3 b 1 m 192.0.2.1 2 4 5 5 80', '3 b 1 m 192.0.2.1 2 0 5 5 80'],
    ['one that is disabled now', '3 b 2 n 192.0.2.2 0 1 1 1 80', '3 b 2 n 192.0.2.2 0 5 1 1 80'],
    ['one that an operator drains', '3 b 1 m 192.0.2.1 2 8 5 5 80', '3 b 1 m 192.0.2.1 2 8 5 5 80'],
  ])('tells of %s as of the configuration in force', (_what, row, told) => {
    expect(worded(row)).toBe(told);
  });

  it('tells nothing of a server that was about to be changed when nobody knows how that ended', () => {
    expect(worded('3 b 1 m 192.0.2.1 2 0 9 1 80', ['b/m'])).toBeUndefined();
  });

  it.each([
    ['that no configuration has', '3 b 3 x 192.0.2.3 2 0 2 2 80', text],
    ['that the next configuration has elsewhere', '3 b 1 m 192.0.2.1 2 8 5 5 80', text.replace(':80', ':81')],
    ['that the next configuration does not have', '3 b 1 m 192.0.2.1 2 8 5 5 80', 'backend b\n'],
  ])('tells nothing of a server %s', (_what, row, next) => {
    expect(worded(row, [], next)).toBeUndefined();
  });

  it('stays as it is in a form that is not known', () => {
    expect(serversStateInForce('Unknown command\n', { text, touched: [] }, text)).toBe('Unknown command\n');
  });
});
