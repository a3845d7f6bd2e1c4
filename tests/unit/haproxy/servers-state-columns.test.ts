// What haproxy is told at a reload of the servers that it had.

import { describe, expect, it } from '@jest/globals';
import { serversStateInForce } from '../../../agent/haproxy/servers-state';

const head =
  'be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight ' +
  'srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state ' +
  'bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port';

interface Row {
  readonly admin?: number;
  readonly weight?: number;
  readonly initial?: number;
  readonly port?: number;
}

/** A worker that has `p/a`. */
function table({ admin = 0, weight = 1, initial = 1, port = 80 }: Row = {}): string {
  const row = `3 p 1 a 192.0.2.1 2 ${admin} ${weight} ${initial} 9 6 3 4 6 0 0 0 - ${port} - 1 99 192.0.2.9 - 0`;
  return `1\n# ${head}\n${row}\n`;
}

function told(row: Row, inForce: string, next: string, touched: readonly string[] = []): readonly string[] {
  const text = (server: string): string => `backend p\n    server ${server}\n`;
  const words = serversStateInForce(table(row), { text: text(inForce), touched }, text(next));
  return words.split('\n').slice(2);
}

const a = 'a 192.0.2.1:80';

describe('a server that stays where it is', () => {
  it('keeps its health, without what haproxy would take before the configuration: TLS, where it is checked', () => {
    expect(told({}, a, `${a} ssl verify none check port 98`)).toEqual([
      '3 p 1 a 192.0.2.1 2 0 1 1 9 6 3 4 6 0 0 0 - 80 -',
    ]);
  });

  it('is at the port of the configuration, whatever it was set to', () => {
    expect(told({ port: 81 }, a, a)[0]?.split(' ')[18]).toBe('80');
  });

  it('has weight and standing as the configuration in force says', () => {
    const cells = told({ admin: 5, weight: 7, initial: 3 }, `${a} weight 7`, a)[0]?.split(' ') ?? [];
    expect(cells.slice(6, 9)).toEqual(['1', '7', '7']);
  });
});

describe('a server begins as at a start', () => {
  it.each([
    ['that is elsewhere', a, 'a 192.0.2.1:81', []],
    ['that goes', a, 'b 192.0.2.1:80', []],
    ['that the configuration in force does not name', 'b 192.0.2.1:80', a, []],
    ['of which nobody knows what it was set to', a, a, ['p/a']],
  ])('%s', (_what, inForce, next, touched) => {
    expect(told({}, inForce, next, touched)).toEqual([]);
  });
});

it('is left as it is where haproxy tells it in other columns', () => {
  const other = '1\n# be_id be_name\n3 p\n';
  expect(serversStateInForce(other, { text: '', touched: [] }, '')).toBe(other);
});
