// Commands are exactly one command, whatever their parts.

import { describe, expect, it } from '@jest/globals';
import { requireSuccess, type CommandKind } from '../../../../agent/haproxy/runtime/answers';
import { runtimeCommand, toProcess, toWorker } from '../../../../agent/haproxy/runtime/command';

const server = { backend: 'b', server: 's' };

describe('A command', () => {
  it('is its parts, one word each', () => {
    expect(runtimeCommand('set', 'server', { backend: 'my.app', server: 'web-01:a_b' }, 'weight', 50)).toBe(
      'set server my.app/web-01:a_b weight 50',
    );
    expect(toWorker('show stat')).toBe('@1 show stat');
    expect(toProcess(42, 'show stat')).toBe('@!42 show stat');
  });

  it.each(['', 'a b', 'a;b', 'a\nb', 'a\rb', 'a\0', 'a\\b', '#1', '<<', 'a\tb', '\x7f', 'ü', '\u2028'])(
    'refuses the word %j',
    (word) => {
      expect(() => runtimeCommand('show', word)).toThrow(/no single word/);
    },
  );

  it.each(['', 'a/b', '#1', 'a b', 'a;b', 'a\n', 'ü', 'x'.repeat(256)])('refuses the name %j', (name) => {
    expect(() => runtimeCommand('set', 'server', { backend: name, server: 's' })).toThrow(/no name/);
    expect(() => runtimeCommand('set', 'server', { backend: 'b', server: name })).toThrow(/no name/);
  });

  it('refuses figures that are none, and lines that haproxy would not take', () => {
    expect(() => runtimeCommand('set', NaN)).toThrow(/no figure/);
    expect(() => runtimeCommand('show', 'x'.repeat(9_000))).toThrow(/too long/);
  });
});

describe('An answer', () => {
  it.each([
    ['set server state', '\n', ''],
    ['set server state', '\n\n', ''],
    ['get weight', '5 (initial 10)\n\n', '5 (initial 10)'],
    ['add server', 'New server registered.\n\n', 'New server registered.'],
    ['del server', 'Server deleted.\n\n', 'Server deleted.'],
    [
      'set server addr',
      "no need to change the addr, port changed from '19001' to '19002' by 'stats socket command'\n",
      "no need to change the addr, port changed from '19001' to '19002' by 'stats socket command'",
    ],
  ] as const)('to %s is a success: %j', (kind, answer, told) => {
    expect(requireSuccess(kind, answer, server)).toBe(told);
  });

  it.each<[CommandKind, string, object]>([
    ['set server state', 'No such server.\n\n', { code: 'server_not_found', said: 'No such server' }],
    ['set server state', 'No such backend.\n\n', { code: 'backend_not_found', said: 'No such backend' }],
    ['set server state', "Can't find backend.\n\n", { code: 'backend_not_found' }],
    ['set server state', 'Permission denied\n\n', { code: 'socket_level', said: 'Permission denied' }],
    [
      'set server state',
      "Unknown command: 'x'.\n  help\n",
      { code: 'unsupported', said: "Unknown command: 'x'" },
    ],
    ['set server state', "Can't connect to the target CLI!\n", { code: 'unavailable' }],
    ['get weight', 'Whatever\n', { code: 'command_failed', said: 'Whatever' }],
    ['get weight', '\n', { code: 'command_failed', said: '' }],
    ['add server', 'Already exists a server with the same name in backend.\n', { code: 'conflict' }],
    ['del server', 'Server still has connections attached to it, cannot remove it.\n', { code: 'conflict' }],
    [
      'set server weight',
      "Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.\n",
      { code: 'conflict' },
    ],
  ])('to %s is a refusal: %j', (kind, answer, fault) => {
    expect(() => requireSuccess(kind, answer, server)).toThrow(
      expect.objectContaining({ fault: expect.objectContaining(fault) as unknown }),
    );
  });
});
