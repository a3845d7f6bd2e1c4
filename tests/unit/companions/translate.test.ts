// haproxy's metrics under Octavia's names, line by line.

import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { octaviaMetrics } from '../../../agent/companions/prometheus-proxy/names';
import { createTranslator, translateLine } from '../../../agent/companions/prometheus-proxy/translate';

describe('a line of haproxy', () => {
  it.each([
    ['haproxy_process_max_connections 2000', 'octavia_loadbalancer_max_connections 2000'],
    ['haproxy_process_pool_used_bytes 4096', 'octavia_memory_pool_used_bytes 4096'],
    ['# TYPE haproxy_frontend_status gauge', '# TYPE octavia_listener_status gauge'],
    [
      '# HELP haproxy_frontend_status Current status of the service.',
      '# HELP octavia_listener_status Current status of the listener. 0=OFFLINE, 1=ONLINE, 2=DEGRADED.',
    ],
    [
      '# HELP haproxy_backend_max_queue Highest value of queued connections.',
      '# HELP octavia_pool_max_queue Highest value of queued connections.',
    ],
    ['haproxy_frontend_status{proxy="a",state="UP"} 1', 'octavia_listener_status{listener="a",state="UP"} 1'],
    ['haproxy_backend_active_servers{proxy="p:a"} 2', 'octavia_pool_active_members{pool="p:a"} 2'],
    ['haproxy_server_weight{proxy="p:a",server="m"} 1', 'octavia_member_weight{pool="p:a",member="m"} 1'],
    [
      'haproxy_server_server_idle_connections_current{proxy="p",server="m"} 0',
      'octavia_member_idle_connections_current{pool="p",member="m"} 0',
    ],
  ])('%s is told as Octavia does', (line, expected) => {
    expect(translateLine(line)).toBe(expected);
  });

  it.each([
    ['of a metric that Octavia does not have', 'haproxy_process_uptime_seconds 3'],
    ['of the way to the proxy itself', 'haproxy_backend_status{proxy="prometheus-exporter-internal"} 1'],
    ['that is a comment of something else', '# EOF'],
    ['that is empty', ''],
  ])('%s is not shown', (_, line) => {
    expect(translateLine(line)).toBeUndefined();
  });
});

it('no two metrics get one name', () => {
  const names = [...octaviaMetrics.values()].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toHaveLength(142);
});

describe('a scrape', () => {
  it('is the same however its bytes are cut', async () => {
    const source = Buffer.from(
      'haproxy_process_listeners 7\n# HELP x é\nhaproxy_server_weight{proxy="p",server="é"} 1',
    );
    const expected = 'octavia_loadbalancer_listeners 7\noctavia_member_weight{pool="p",member="é"} 1\n';
    for (const bytes of [1, 2, 7, source.length]) {
      const pieces: Buffer[] = [];
      for (let at = 0; at < source.length; at += bytes) pieces.push(source.subarray(at, at + bytes));
      expect(await text(Readable.from(pieces).pipe(createTranslator()))).toBe(expected);
    }
  });

  it('with a line that never ends is given up, and not kept', async () => {
    const endless = Readable.from([Buffer.alloc(20_000, 'x')]);
    const translator = createTranslator();
    endless.pipe(translator);
    await expect(text(translator)).rejects.toThrow('over 16384 characters');
  });
});
