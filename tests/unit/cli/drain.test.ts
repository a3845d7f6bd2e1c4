// `amphorad drain`, `ready` and `maint` over an agent of fakes that answers in the runtime API's words.

import { describe, expect, it } from '@jest/globals';
import { runServerAction, type ServerOptions } from '../../../agent/cli/drain';
import type { LocalHttpRequest } from '../../../agent/host/local-http';
import { createHandClock } from '../../fakes/hand-clock';
import { createMemoryFiles } from '../../fakes/memory-files';
import { passTime } from '../../fakes/pass-time';
import { createScriptedLocalHttp, type GivenAnswer } from '../../fakes/scripted-local-http';
import { createScriptedLocalServers } from '../../fakes/scripted-local-servers';

const socket = '/var/lib/octavia/agent.sock';
const conf = `[amphora_agent]
amphora_id = 7ee0a8b5-5c4c-4b2a-9d2c-8f0c8a4b1f11
agent_server_cert = /s
agent_server_ca = /c
`;
const told = (data: object): GivenAnswer => ({ json: { success: true, status_code: 200, data } });
const refused = (status: number, error: string): GivenAnswer => ({
  status,
  json: { success: false, status_code: status, error },
});
const progress = (state: string, sessions: number, more: object = {}): GivenAnswer =>
  told({ state, sessions_start: 4, sessions, elapsed: 1.5, cookie_persistent: false, ...more });

const setUp = (
  steps: readonly GivenAnswer[] = [],
  backends: Record<string, readonly string[]> = { lb1: ['web'] },
) => {
  const http = createScriptedLocalHttp();
  const left = [...steps];
  const answer = ({ method, path }: LocalHttpRequest): GivenAnswer => {
    if (path.endsWith('/instances'))
      return told({ instances: Object.keys(backends).map((name) => ({ name })) });
    const [, asked = ''] = /haproxy\/([^/]+)\/backends$/.exec(path) ?? [];
    if (asked !== '') return told({ backends: backends[asked] });
    if (path.endsWith('/servers/gone/action')) return refused(404, 'HAProxy error: No such server');
    if (method === 'POST') return { ...told({}), status: 202, headers: { location: '/op/1' } };
    if (method === 'DELETE') return told({ state: 'cancelled' });
    return left.shift() ?? progress('completed', 0);
  };
  http.listen(socket, answer);
  const printed: string[] = [];
  const ended = new AbortController();
  const clock = createHandClock();
  const deps = {
    files: createMemoryFiles({ '/etc/agent.conf': conf }),
    localHttp: http,
    localServers: createScriptedLocalServers(),
    clock,
    print: (text: string) => void printed.push(text),
    printError: (text: string) => void printed.push(text),
    signal: ended.signal,
  };
  const run = (more: Partial<ServerOptions> = {}): Promise<number> =>
    passTime(
      clock,
      runServerAction(
        {
          sources: { configFiles: ['/etc/agent.conf'], configDirs: [], localFiles: [], environment: {} },
          action: 'drain',
          target: 'web/a',
          instance: undefined,
          wait: { timeoutS: 30, force: false },
          json: false,
          isTerminal: false,
          ...more,
        },
        deps,
      ),
    );
  return { http, printed, run, ended, deps };
};

describe('amphorad drain --wait', () => {
  it('tells the sessions that are left at each change, and ends with 0 when there are none', async () => {
    const { run, printed, http } = setUp([
      progress('waiting', 4),
      progress('waiting', 4),
      progress('waiting', 1),
    ]);
    expect(await run({ wait: { timeoutS: 30, force: true, then: 'maint' } })).toBe(0);
    expect(printed).toEqual([
      'web/a: 4 of 4 sessions left, 1s\n',
      'web/a: 1 of 4 sessions left, 1s\n',
      'web/a: 0 of 4 sessions left, 1s\n',
      'web/a: drained in 1s, now in maint\n',
    ]);
    expect(http.asked()).toContain(
      'POST /api/v1/haproxy/lb1/backends/web/servers/a/action {"action":"drain","wait":true,"timeout":30,"force":true,"then":"maint"}',
    );
  });

  it('draws a bar on a terminal, and warns of clients with a cookie once', async () => {
    const { run, printed } = setUp([progress('waiting', 2, { cookie_persistent: true })]);
    expect(await run({ isTerminal: true })).toBe(0);
    expect(printed.join('')).toContain(`\r[${'#'.repeat(15)}${'.'.repeat(15)}] 2 of 4 sessions left`);
    expect(printed.filter((text) => text.includes('has a cookie'))).toHaveLength(1);
  });

  it.each([
    ['timeout', progress('timeout', 2), 2, /over with 2 sessions left.*Undo: amphorad ready web\/a/],
    ['force', progress('timeout', 0, { sessions_cut: 2 }), 2, /2 sessions that were left have been cut/],
    ['somebody else', progress('cancelled', 2), 1, /somebody else changed it/],
    ['haproxy', progress('failed', 2, { reason: 'it is gone' }), 1, /failed: it is gone/],
  ])('%s ends it with the right status and words', async (_who, last, status, words) => {
    const { run, printed } = setUp([last]);
    expect([await run(), printed.at(-1)]).toEqual([status, expect.stringMatching(words)]);
  });

  it('at Ctrl-C lets go of the operation, and says that the server stays draining and how to undo it', async () => {
    const { run, printed, http, ended } = setUp([progress('waiting', 4), progress('waiting', 4)]);
    ended.abort();
    expect(await run()).toBe(1);
    expect(http.asked().at(-1)).toBe('DELETE /op/1');
    expect(printed.at(-1)).toBe('web/a: stays draining. Undo: amphorad ready web/a\n');
  });

  it('gives a document at each change with --json', async () => {
    const { run, printed } = setUp([progress('waiting', 4)]);
    expect(await run({ json: true })).toBe(0);
    expect(printed.map((line) => (JSON.parse(line) as { state: string }).state)).toEqual([
      'waiting',
      'completed',
    ]);
  });
});

describe('amphorad drain, ready and maint', () => {
  it.each(['drain', 'ready', 'maint'] as const)('%s is done at once', async (action) => {
    const { run, printed, http } = setUp();
    expect(await run({ action, wait: undefined })).toBe(0);
    expect(http.asked().at(-1)).toMatch(
      new RegExp(`/lb1/backends/web/servers/a/action {"action":"${action}"}$`),
    );
    expect(printed[0]).toMatch(new RegExp(`^web/a of lb1: ${action}`));
  });

  it('asks which load balancer where several have the backend, and says so where none has', async () => {
    const two = setUp([], { lb1: ['web'], lb2: ['web'] });
    expect([await two.run(), two.printed[0]]).toEqual([1, expect.stringMatching(/--instance: lb1, lb2/)]);
    expect(await two.run({ instance: 'lb2' })).toBe(0);
    const none = setUp([], { lb1: ['other'] });
    expect([await none.run(), none.printed[0]]).toEqual([
      1,
      expect.stringMatching(/No load balancer .* web/),
    ]);
  });

  it('hands on what haproxy says of a server that is not there, and ends with 1', async () => {
    const { run, printed } = setUp();
    expect([await run({ target: 'web/gone' }), printed[0]]).toEqual([
      1,
      'amphorad: HAProxy error: No such server\n',
    ]);
  });

  it('without an agent ends with 3, and sends nothing for a name that haproxy cannot have', async () => {
    const { run, http } = setUp();
    http.leave(socket);
    expect(await run()).toBe(3);
    expect(() => setUp().run({ target: 'web/a;b' })).toThrow(
      expect.objectContaining({ kind: 'invalid-input' }),
    );
  });
});
