// What becomes of a command whose output cannot be written, and of the agent.

import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { createOutputs } from '../../../agent/boot/outputs';

const setUp = () => {
  const makeStream = () => {
    const events = new EventEmitter();
    const written: string[] = [];
    return {
      written,
      breaks: (code: string) => events.emit('error', Object.assign(new Error(`write ${code}`), { code })),
      write: (text: string, done?: () => void) => {
        written.push(text);
        if (done !== undefined) setImmediate(done);
      },
      on: (event: 'error', heard: (thrown: NodeJS.ErrnoException) => void) => events.on(event, heard),
    };
  };
  const [stdout, stderr, ended] = [makeStream(), makeStream(), [] as number[]];
  return { stdout, stderr, ended, outputs: createOutputs(stdout, stderr, (status) => ended.push(status)) };
};

describe('the outputs of a command', () => {
  it('print, and tell when all is out', async () => {
    const { outputs, stdout, stderr, ended } = setUp();
    outputs.out('a\n');
    outputs.err('b\n');
    await outputs.flushed();
    expect([stdout.written.join(''), stderr.written.join(''), ended]).toEqual(['a\n', 'b\n', []]);
  });

  it('end it without a word when whoever reads has left, as SIGPIPE does', () => {
    const { stdout, stderr, ended } = setUp();
    stdout.breaks('EPIPE');
    expect([ended, stderr.written]).toEqual([[141], []]);
  });

  it('end it with 74 and the reason when the disk is full', () => {
    const { stdout, stderr, ended } = setUp();
    stdout.breaks('ENOSPC');
    expect([ended, stderr.written]).toEqual([
      [74],
      ['amphorad: the output cannot be written: write ENOSPC\n'],
    ]);
  });

  it('end neither it nor the agent for a broken stderr, and nothing ends the agent', () => {
    const { outputs, stdout, stderr, ended } = setUp();
    stderr.breaks('EPIPE');
    outputs.outlive();
    stdout.breaks('EPIPE');
    stdout.breaks('ENOSPC');
    expect([ended, stderr.written]).toEqual([[], []]);
  });
});
