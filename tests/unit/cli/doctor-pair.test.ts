// What the doctor says of a pair's keepalived: that it is there, runs, and is configured so that the address moves.

import { describe, expect, it } from '@jest/globals';
import { pairChecks } from '../../../agent/cli/doctor/pair';
import type { Patient } from '../../../agent/cli/doctor/check';
import { vrrpPaths } from '../../../agent/keepalived/vrrp-paths';
import { createMemoryFiles } from '../../fakes/memory-files';
import { installPair } from '../../fakes/scripted-pair';
import { createScriptedRunner } from '../../fakes/scripted-runner';

const paths = vrrpPaths('/var/lib/octavia');
const vip = '192.168.50.10';
const text = `vrrp_script check_haproxy {
    script "${paths.checkScript}"
    interval 1
    timeout 1
}
vrrp_instance own {
    interface eth1
    virtual_router_id 9
    priority 90
    nopreempt
    virtual_ipaddress {
        ${vip}/24
    }
    track_script {
        check_haproxy
    }
}
`;

function machine(stored = text) {
  const files = createMemoryFiles({ [paths.config]: stored });
  const runner = createScriptedRunner([
    { match: /^keepalived -v$/, result: { stderr: 'Keepalived v2.2.7 (01/16,2022)\n' } },
  ]);
  const pair = installPair({ files, runner });
  const { pid } = runner.addProcess({ argv: ['keepalived'] });
  files.plant(paths.pidFile, `${pid}\n`);
  const config = { haproxy_amphora: { base_path: '/var/lib/octavia' }, amphorad: { network_namespace: '' } };
  const patient = { config, host: { files, runner }, agent: undefined } as unknown as Patient;
  const look = async () => {
    const found = await Promise.all(pairChecks.map((check) => check.look(patient)));
    return found.flat().map(({ check, severity }) => `${severity} ${check}`);
  };
  return { files, runner, pair, pid, look };
}

describe('the doctor on a pair', () => {
  it('finds nothing where all is well, and asks nobody where there is no pair', async () => {
    expect(await machine().look()).toEqual([]);
    const alone = machine();
    alone.files.unplant(paths.config);
    expect(await alone.look()).toEqual([]);
    expect(alone.runner.transcript).toEqual([]);
  });

  it('finds a keepalived that is missing, or too old', async () => {
    const { runner, look } = machine();
    runner.script({ match: /^keepalived -v$/, cannotStart: 'ENOENT' });
    expect(await look()).toEqual(['error keepalived']);
    runner.script({ match: /^keepalived -v$/, result: { stderr: 'Keepalived v2.0.10 (11/12,2018)\n' } });
    expect(await look()).toEqual(['warning keepalived']);
  });

  it('finds one that does not run', async () => {
    const { runner, pid, look } = machine();
    runner.endProcess(pid);
    expect(await look()).toEqual(['error vrrp-process']);
    runner.addProcess({ pid, argv: ['sleep', '60'] });
    expect(await look()).toEqual(['error vrrp-process']);
  });

  it('finds a configuration that never moves its address', async () => {
    expect(await machine(text.replace('interval 1', 'interval 1\n    weight -2')).look()).toContain(
      'error vrrp-nopreempt-weight',
    );
  });

  it('finds somebody else who answers for the address that this amphora has', async () => {
    const { runner, pair, look } = machine();
    runner.script({ match: /^arping -D/, result: { code: 1 } });
    expect(await look()).toEqual([]);
    pair.addresses.get('eth1')?.push(`${vip}/24`);
    expect(await look()).toEqual(['error vrrp-duplicate']);
    runner.script({ match: /^arping -D/, result: { code: 1, stderr: 'arping: no such device\n' } });
    expect(await look()).toEqual([]);
  });
});
