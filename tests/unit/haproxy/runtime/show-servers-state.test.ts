// `show servers state` by header name.

import { describe, expect, it } from '@jest/globals';
import { parseServersState, showServersState } from '../../../../agent/haproxy/runtime/show-servers-state';

// Printed by 2.6.12.
const printed = `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port
3 p 1 m1 127.0.0.1 2 8 7 1 0 1 0 0 0 0 0 0 - 18081 - 0 0 - - 0

`;

describe('the state of servers', () => {
  it('is read by column name', () => {
    const [server] = parseServersState(printed);
    expect(server).toMatchObject({
      backend: 'p',
      server: 'm1',
      address: '127.0.0.1',
      port: 18081,
      adminState: 8,
      operationalState: 2,
      userWeight: 7,
      initialWeight: 1,
    });
    expect([server?.column('srv_fqdn'), server?.column('srv_use_ssl'), server?.column('unknown')]).toEqual([
      '',
      '0',
      '',
    ]);
  });

  it('survives columns in another order', () => {
    const text = '1\n# be_id srv_name be_name srv_port\n3 m1 p 80\n';
    expect(parseServersState(text)[0]).toMatchObject({ backend: 'p', server: 'm1', port: 80 });
  });

  it.each(['', 'Unknown command\n', '2\n# be_id be_name\n'])(
    'anything else is no answer: %j',
    async (text) => {
      const client = { command: () => Promise.resolve(text) };
      await expect(showServersState(client)).rejects.toMatchObject({ kind: 'unavailable' });
    },
  );
});
