// The pair's keepalived over fakes: what it says counts for nothing, what it does counts.

import { describe, expect, it } from '@jest/globals';
import { createKeepalivedCheck } from '../../../agent/keepalived/check';
import { createVrrpAddresses } from '../../../agent/keepalived/vrrp-addresses';
import type { VrrpAddress } from '../../../agent/keepalived/vrrp-config';
import { vrrpPaths } from '../../../agent/keepalived/vrrp-paths';
import { createVrrpProcess } from '../../../agent/keepalived/vrrp-process';
import { createVrrpStates } from '../../../agent/keepalived/vrrp-states';
import { createDirectSupervisor } from '../../../agent/supervisor/direct';
import { createHandClock } from '../../fakes/hand-clock';
import { createLiteralSystem } from '../../fakes/literal-system';
import { createMemoryFiles } from '../../fakes/memory-files';
import { passTime } from '../../fakes/pass-time';
import { createScriptedRunner } from '../../fakes/scripted-runner';
import { vrrpUpload } from './vrrp-text';

const paths = vrrpPaths('/base');
const childPid = 4_000;

interface Behaviour {
  /** The state that it tells at its start; none: it tells nothing. */
  readonly tells?: string;
  readonly writesPidFile?: boolean;
  /** What a reload does. */
  readonly reloads?: 'well' | 'wordily' | 'never' | 'dies';
  readonly refuses?: string;
  /** Ends without taking its addresses away. */
  readonly leaves?: boolean;
}

function machine({
  tells = 'BACKUP',
  writesPidFile = true,
  reloads = 'well',
  refuses,
  leaves = false,
}: Behaviour = {}) {
  const clock = createHandClock();
  const files = createMemoryFiles({ '/base/vrrp/': '' });
  const held = new Set<string>();
  const removed: string[] = [];
  const print = (text: string): void =>
    files.plant(paths.log, `${files.snapshot()[paths.log] ?? ''}${text}\n`);
  const runner = createScriptedRunner([
    {
      match: /^keepalived -t/,
      result: () => (refuses === undefined ? {} : { code: 5, stderr: refuses }),
    },
    {
      match: /^keepalived -n/,
      result: () => {
        print('Starting Keepalived v2.2.7');
        if (writesPidFile) files.plant(paths.pidFile, '1001\n');
        files.plant(paths.vrrpPidFile, `${childPid}\n`);
        runner.addProcess({ pid: childPid, argv: ['keepalived'] });
        if (tells !== '')
          files.plant(
            paths.notifyLog,
            `{"uptime":1,"pid":${childPid},"instance":"a0b1c2d3e4f5","state":"${tells}","priority":90}\n`,
          );
        return {};
      },
      onSignal: (signal, process) => {
        if (signal === 'SIGTERM' || reloads === 'dies') {
          if (signal === 'SIGTERM' && !leaves) held.clear();
          runner.endProcess(childPid);
          runner.endProcess(process.pid);
        } else if (reloads === 'well') print('Reloading ...\nReload complete');
        else if (reloads === 'wordily')
          print(`Reloading ...\n${'removing VIP\n'.repeat(2_000)}Reload complete`);
      },
    },
  ]);
  const key = (each: VrrpAddress): string => `${each.ip.text} ${each.interfaceName}`;
  const driver = () =>
    createVrrpProcess({
      supervisor: createDirectSupervisor({ runner, system: createLiteralSystem(), clock }),
      files,
      clock,
      check: createKeepalivedCheck(runner, ['keepalived']),
      states: createVrrpStates({ files, runner, paths }),
      addresses: createVrrpAddresses({
        clock,
        presentAddresses: (wanted) => Promise.resolve(wanted.filter((each) => held.has(key(each)))),
        removeAddresses: (addresses) => {
          for (const each of addresses) {
            removed.push(key(each));
            held.delete(key(each));
          }
          return Promise.resolve();
        },
      }),
      paths,
      binary: 'keepalived',
      through: [],
    });
  const wait = <T>(job: Promise<T>): Promise<T> => passTime(clock, job);
  return { clock, files, runner, held, removed, driver, wait };
}

const upload = vrrpUpload();
const starts = (runner: { readonly transcript: readonly string[] }): readonly string[] =>
  runner.transcript.filter((line) => line.startsWith('start '));

describe('a start', () => {
  it('is over once the instance has told its state, with pid files of its own', async () => {
    const { driver, wait, runner, files } = machine();
    const process = await wait(driver().start(upload));
    expect(starts(runner)).toEqual([
      'start keepalived -n -l -D -G -P -f /base/vrrp/octavia-keepalived.live -p /base/vrrp/octavia-keepalived.pid -r /base/vrrp/octavia-keepalived.vrrp.pid',
    ]);
    expect(await driver().observe(process)).toBe('BACKUP');
    expect((await files.stat(paths.live))?.mode).toBe(0o600);
    expect(files.snapshot()[paths.lastGood]).toBe(files.snapshot()[paths.live]);
    expect(await files.stat(paths.candidate)).toBeUndefined();
  });

  it.each<[string, Behaviour]>([
    ['tells no state', { tells: '' }],
    ['writes no pid file', { writesPidFile: false }],
  ])('has failed when keepalived lives and %s, and nothing then runs', async (_what, behaviour) => {
    const { driver, wait, runner, files, held, removed } = machine({ ...behaviour, leaves: true });
    held.add('10.0.0.5 eth1');
    const failed = expect(wait(driver().start(upload))).rejects.toMatchObject({
      kind: 'reload-failed',
      detail: 'Starting Keepalived v2.2.7',
    });
    await failed;
    expect(runner.processes()).toEqual([]);
    expect(await files.stat(paths.lastGood)).toBeUndefined();
    expect(removed).toEqual(['10.0.0.5 eth1']);
  });

  it('is not proven by what a keepalived of the same pid told before a reboot', async () => {
    const { driver, wait, files } = machine({ tells: '' });
    files.plant(
      paths.notifyLog,
      `{"uptime":9,"pid":${childPid},"instance":"a0b1c2d3e4f5","state":"MASTER","priority":90}\n`,
    );
    await expect(wait(driver().start(upload))).rejects.toMatchObject({ kind: 'reload-failed' });
  });

  it('is refused before it begins, by the lines of the upload', async () => {
    const refuses = `(${paths.candidate}: Line 13) unknown keyword`;
    const { driver, wait, runner } = machine({ refuses });
    await expect(wait(driver().start(upload))).rejects.toMatchObject({
      kind: 'config-rejected',
      detail: `(${paths.config}: Line 9) unknown keyword`,
    });
    expect(starts(runner)).toEqual([]);
  });

  it('is refused for a text that does nothing', async () => {
    const { driver, wait } = machine();
    await expect(wait(driver().check('# nothing\n'))).rejects.toMatchObject({ kind: 'config-rejected' });
  });
});

describe('a reload', () => {
  const next = vrrpUpload(['priority 90', 'priority 80']);

  it('has the same process read a text that was checked', async () => {
    const { driver, wait, runner, files } = machine();
    const process = await wait(driver().start(upload));
    await wait(driver().reload(next, process));
    expect(runner.transcript.filter((line) => line.startsWith('signal'))).toEqual([
      `signal SIGHUP ${process.pid}`,
    ]);
    expect(files.snapshot()[paths.lastGood]).toContain('priority 80');
  });

  it('takes away an address that the text has no more', async () => {
    const { driver, wait, held, removed } = machine();
    const process = await wait(driver().start(upload));
    held.add('10.0.0.5 eth1').add('2001:db8::5 eth1');
    await wait(driver().reload(vrrpUpload(['        10.0.0.5\n', '        10.0.0.6\n']), process));
    expect(removed).toEqual(['10.0.0.5 eth1']);
  });

  it('of many addresses, each of which it writes about, is seen to be complete', async () => {
    const { driver, wait } = machine({ reloads: 'wordily' });
    const process = await wait(driver().start(upload));
    await wait(driver().reload(next, process));
  });

  it('that fails has it read the last good text again', async () => {
    const { driver, wait, runner, files } = machine({ reloads: 'never' });
    const process = await wait(driver().start(upload));
    await expect(wait(driver().reload(next, process))).rejects.toMatchObject({ kind: 'reload-failed' });
    expect(runner.transcript.filter((line) => line.startsWith('signal'))).toHaveLength(2);
    expect(files.snapshot()[paths.live]).toContain('priority 90');
  });

  it('over which it dies leaves the last good text to start from', async () => {
    const { driver, wait, files } = machine({ reloads: 'dies' });
    const process = await wait(driver().start(upload));
    await expect(wait(driver().reload(next, process))).rejects.toMatchObject({ kind: 'reload-failed' });
    expect(files.snapshot()[paths.live]).toContain('priority 90');
    expect(await driver().observe(process)).toBeUndefined();
  });
});

describe('addresses', () => {
  it('are taken away after a stop if keepalived has not done it, 3 s later', async () => {
    const { driver, wait, clock, held, removed } = machine({ leaves: true });
    const process = await wait(driver().start(upload));
    held.add('10.0.0.5 eth1');
    const before = clock.monotonic();
    await wait(driver().stop(process));
    expect(removed).toEqual(['10.0.0.5 eth1']);
    expect(clock.monotonic() - before).toBeGreaterThanOrEqual(3_000);
  });

  it('of one that was killed are taken away, and no others', async () => {
    const { driver, wait, runner, held, removed } = machine();
    const process = await wait(driver().start(upload));
    held.add('10.0.0.5 eth1').add('2001:db8::5 eth1').add('10.0.0.12 eth1');
    runner.endProcess(process.pid, { signal: 'SIGKILL' });
    await wait(driver().cleanUp());
    expect(removed.sort()).toEqual(['10.0.0.5 eth1', '2001:db8::5 eth1']);
  });

  it('tell the state when the notify log was lost', async () => {
    const { driver, wait, files, held } = machine();
    const process = await wait(driver().start(upload));
    files.unplant(paths.notifyLog);
    expect(await driver().observe(process)).toBe('BACKUP');
    held.add('10.0.0.5 eth1').add('2001:db8::5 eth1');
    expect(await driver().observe(process)).toBe('MASTER');
  });
});

describe('a living one', () => {
  it('is found by its pid file after the agent has forgotten it, and by its record', async () => {
    const { driver, wait } = machine();
    const process = await wait(driver().start(upload));
    expect(await driver().adopt(undefined)).toEqual(process);
    expect(await driver().adopt(process)).toEqual(process);
  });

  it('is not the process that got a stale pid', async () => {
    const { driver, files, runner } = machine();
    runner.addProcess({ pid: 77, argv: ['keepalived', '-n', '-P', '-f', '/other', '-p', '/other.pid'] });
    files.plant(paths.pidFile, '77\n');
    expect(await driver().adopt(undefined)).toBeUndefined();
    files.plant(paths.pidFile, 'garbage\n');
    expect(await driver().adopt(undefined)).toBeUndefined();
  });
});
