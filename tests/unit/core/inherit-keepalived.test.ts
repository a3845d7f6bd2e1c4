// keepalived as Octavia's own agent has left it running: adopted, read again by its own file, ended for good.

import { describe, expect, it } from '@jest/globals';
import { lvsPaths } from '../../../agent/keepalived/paths';
import { vrrpPaths } from '../../../agent/keepalived/vrrp-paths';
import { createScriptedAmphora, firstId as id } from '../../fakes/scripted-amphora';
import { installKeepalived } from '../../fakes/scripted-keepalived';
import { installPair } from '../../fakes/scripted-pair';
import { udpListener } from '../keepalived/udp-listener';
import { vrrpUpload } from '../keepalived/vrrp-text';

const base = '/var/lib/octavia';

describe('the keepalived of a UDP listener', () => {
  const paths = lvsPaths(base, id);
  const left = async () => {
    const amphora = await createScriptedAmphora();
    installKeepalived(amphora);
    const { files, runner } = amphora;
    files.plant(paths.config, udpListener(), 0o644);
    const argv = ['/usr/sbin/keepalived', '--log-facility=1', '-f', paths.config, '-p', paths.pidFile];
    const onSignal = (signal: string): void => {
      if (signal === 'SIGTERM') runner.endProcess(old.pid);
    };
    const old = runner.addProcess({ argv, onSignal });
    files.plant(paths.pidFile, `${old.pid}\n`);
    const { listeners } = amphora.core().udp;
    await listeners.prepare();
    await amphora.pass(amphora.core().udp.restore());
    return { ...amphora, old, listeners };
  };

  it('is adopted, and nothing is sent to it', async () => {
    const { runner, listeners } = await left();
    expect(await listeners.list()).toEqual([{ id, type: 'UDP', isRunning: true }]);
    expect(runner.transcript).toEqual([]);
  });

  it('reads its own file again at a reload', async () => {
    const { runner, listeners, pass, old } = await left();
    await listeners.upload(id, udpListener({ port: 54 }));
    await pass(listeners.reload(id));
    expect(runner.transcript).toContain(`signal SIGHUP ${old.pid}`);
    expect(await listeners.config(id)).toBe(udpListener({ port: 54 }));
  });

  it('ends with the listener', async () => {
    const { runner, listeners, pass, old } = await left();
    await pass(listeners.remove(id));
    expect(runner.processes()).not.toContain(old);
    expect(await listeners.ids()).toEqual([]);
  });
});

describe('the keepalived of a pair', () => {
  const paths = vrrpPaths(base);
  const left = async () => {
    const amphora = await createScriptedAmphora();
    installPair(amphora);
    const { files, runner } = amphora;
    files.plant(paths.config, vrrpUpload(), 0o644);
    const argv = ['/usr/sbin/keepalived', '--log-facility=1', '-f', paths.config, '-p', paths.pidFile];
    const onSignal = (signal: string): void => {
      if (signal === 'SIGTERM') runner.endProcess(old.pid);
    };
    const old = runner.addProcess({ argv, onSignal });
    files.plant(paths.pidFile, `${old.pid}\n`);
    const { pairing } = amphora.core();
    await pairing.prepare();
    await amphora.pass(pairing.restore());
    return {
      ...amphora,
      old,
      vrrp: pairing.vrrp,
      signals: () => runner.transcript.filter((line) => line.startsWith('signal')),
    };
  };

  it('is adopted, and wanted from now on', async () => {
    const { vrrp, files, signals } = await left();
    expect([await vrrp.isWell(), signals()]).toEqual([true, []]);
    expect(JSON.parse(files.snapshot()[paths.state] ?? '')).toMatchObject({
      desired: 'running',
      origin: 'uploaded',
    });
  });

  it('keeps running through a reload', async () => {
    const { vrrp, pass, signals, old } = await left();
    await pass(vrrp.reload());
    expect(signals()).toEqual([`signal SIGHUP ${old.pid}`]);
  });

  it('ends at a stop', async () => {
    const { vrrp, pass, runner, old } = await left();
    await pass(vrrp.stop());
    expect(runner.processes()).not.toContain(old);
  });
});
