// What the linter says of configurations that people wrote, the guide's own first.

import { describe, expect, it } from '@jest/globals';
import { builtInTemplates } from '../../../agent/boot/built-in-templates';
import { renderVrrpConfig } from '../../../agent/keepalived/render';
import { findUnsafeScript } from '../../../agent/keepalived/script-safety';
import { lintVrrp } from '../../../agent/keepalived/vrrp-lint';
import { lintVrrpPair } from '../../../agent/keepalived/vrrp-lint-pair';
import { vrrpPaths } from '../../../agent/keepalived/vrrp-paths';
import { createMemoryFiles } from '../../fakes/memory-files';
import { ipOf, vrrpInstance } from './vrrp-instance';

const paths = vrrpPaths('/base');
const files = createMemoryFiles();
for (const path of [paths.checkScript, paths.notifyScript]) files.plant(path, '#!/bin/sh\n', 0o755);
files.plant(
  '/etc/keepalived/check.sh',
  '#!/bin/bash\nsystemctl is-active haproxy || exit 1\nss -tln | grep -q ":8404" || exit 1\n',
  0o755,
);

const guide = `global_defs {
    router_id LVS_DEVEL
    script_user root
    enable_script_security
}
vrrp_script check_haproxy {
    script "/etc/keepalived/check.sh"
    interval 2
    timeout 2
    fall 2
    rise 2
    weight -2
}
vrrp_instance VI_1 {
    state MASTER
    interface eth0
    virtual_router_id 50
    priority 100
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass KeepAlive123!
    }
    virtual_ipaddress {
        192.168.50.10/24
    }
    track_script {
        check_haproxy
    }
}
`;
const guidePeer = guide.replace('MASTER', 'BACKUP').replace('priority 100', 'priority 90');
const ours = renderVrrpConfig(builtInTemplates['keepalived-vrrp.conf'], vrrpInstance(), paths);
const ourPeer = renderVrrpConfig(
  builtInTemplates['keepalived-vrrp.conf'],
  vrrpInstance({ priority: 90, source: ipOf('10.0.0.12'), peers: [ipOf('10.0.0.11')] }),
  paths,
);
const checks = async (text: string): Promise<readonly string[]> =>
  (await lintVrrp(text, files)).map(({ check, severity }) => `${severity} ${check}`);
const pair = (first: string, second: string): readonly string[] =>
  lintVrrpPair(first, second).map(({ check, severity }) => `${severity} ${check}`);
const replaced = (text: string, from: string, to: string): string => {
  if (!text.includes(from)) throw new Error(`there is no ${from}`);
  return text.replace(from, to);
};

describe('the linter', () => {
  it('finds why the guide’s pair never moves its address', async () => {
    expect(await checks(guide)).toEqual([
      'error vrrp-weight',
      'warning vrrp-password',
      'warning vrrp-script',
      'warning vrrp-script',
    ]);
    const [weight] = await lintVrrp(guide, files);
    expect(weight?.what).toBe(
      'line 14: VI_1 tracks check_haproxy with weight -2: when the check fails its priority is 98 instead of 100',
    );
    expect(lintVrrpPair(guide, guidePeer)).toMatchObject([
      {
        check: 'vrrp-weight',
        what: 'VI_1: with weight -2 a failed check_haproxy leaves the priority 98, and the peer has 90',
      },
    ]);
  });

  it('has nothing to say about what the agent makes', async () => {
    expect(await checks(ours)).toEqual([]);
    expect(pair(ours, ourPeer)).toEqual([]);
  });

  it.each<[string, string, string, string]>([
    ['nothing to do', ours, 'vrrp_instance', 'error vrrp-instance'],
    ['no account for scripts', ours.replace('script_user root', ''), '', 'error vrrp-script-security'],
    ['no security of scripts', ours.replace('enable_script_security', ''), '', 'error vrrp-script-security'],
    [
      'vrrp_strict',
      ours.replace('script_user root', 'script_user root\nvrrp_strict'),
      '',
      'error vrrp-strict',
    ],
    ['a check that overtakes itself', ours.replace('timeout 1', 'timeout 3'), '', 'warning vrrp-timing'],
    ['a router id that is none', ours.replace('router_id 50', 'router_id 0'), '', 'error vrrp-vrid'],
    ['no router id', ours.replace('virtual_router_id 50', ''), '', 'error vrrp-vrid'],
    ['nopreempt as MASTER', ours.replace('state BACKUP', 'state MASTER'), '', 'warning vrrp-nopreempt-state'],
    ['nopreempt with a weight', ours.replace('init_fail', 'weight -20'), '', 'error vrrp-nopreempt-weight'],
    ['the priority of an owner', ours.replace('priority 100', 'priority 255'), '', 'warning vrrp-priority'],
    ['no tracked script', ours.replace(/track_script \{[^}]*\}/, ''), '', 'error vrrp-track-script'],
    [
      'an unknown script',
      ours.replace('vrrp_script check_haproxy', 'vrrp_script x'),
      '',
      'error vrrp-track-script',
    ],
    ['a password that has no effect', ours.replace('version 2', 'version 3'), '', 'warning vrrp-password'],
    ['a password that is cut', ours.replace('0a1b2c3d', '0a1b2c3d4'), '', 'warning vrrp-password'],
    [
      'both families',
      ours.replace('10.0.0.5/24 dev', '2001:db8::5/64\n10.0.0.5/24 dev'),
      '',
      'error vrrp-family',
    ],
    ['a script that is not there', ours.replace('check_script.sh', 'other.sh'), '', 'error vrrp-script'],
  ])('finds %s', async (_what, text, cut, expected) => {
    expect(await checks(cut === '' ? text : (text.split(cut)[0] ?? ''))).toEqual([expected]);
  });

  it('finds the same router id twice on one interface', async () => {
    const twice = `${ours}${ours.slice(ours.indexOf('vrrp_instance')).replace('amphora', 'second')}`;
    expect(await checks(twice)).toEqual(['error vrrp-vrid']);
  });

  it.each<[string, string, string, readonly string[]]>([
    ['virtual_router_id 50', 'virtual_router_id 51', 'router ids', ['error vrrp-vrid']],
    ['priority 90', 'priority 100', 'equal priorities', ['error vrrp-priority']],
    ['advert_int 1', 'advert_int 2', 'intervals', ['error vrrp-advert']],
    ['version 2', 'version 3', 'versions', ['error vrrp-version']],
    ['0a1b2c3d', '0a1b2c3e', 'passwords', ['error vrrp-password']],
    ['10.0.0.5/24', '10.0.0.6/24', 'addresses', ['error vrrp-addresses']],
  ])('finds in a pair: %s and %s (%s)', (from, to, _what, expected) => {
    const findings = lintVrrpPair(ours, replaced(ourPeer, from, to));
    expect(findings.map(({ check, severity }) => `${severity} ${check}`)).toEqual(expected);
    expect(JSON.stringify(findings)).not.toContain('0a1b2c3');
  });

  it('wants priorities apart below a second, and as many instances in both', () => {
    const fast = (text: string): string => replaced(text, 'advert_int 1', 'advert_int 0.3');
    expect(pair(fast(ours), fast(ourPeer))).toEqual(['error vrrp-priority']);
    expect(pair(ours, '')).toEqual(['error vrrp-instance']);
  });

  it('accepts a weight that is more than the difference, either sign', () => {
    const weighed = (text: string, weight: number): string =>
      replaced(replaced(text, 'init_fail', `weight ${weight}`), 'nopreempt', '');
    expect(pair(weighed(ours, -20), weighed(ourPeer, -20))).toEqual([]);
    expect(pair(weighed(ours, 20), weighed(ourPeer, 20))).toEqual([]);
    expect(pair(weighed(ours, 5), weighed(ourPeer, 5))).toEqual(['error vrrp-weight']);
  });
});

describe('a script', () => {
  const judged = async (change: (machine: ReturnType<typeof createMemoryFiles>) => void) => {
    const machine = createMemoryFiles();
    machine.plant('/a/b/check.sh', '', 0o755);
    change(machine);
    return findUnsafeScript(machine, '/a/b/check.sh');
  };

  it('that is root’s alone is safe, below a sticky directory too', async () => {
    expect(await judged(() => undefined)).toEqual([]);
    expect(await judged((machine) => void machine.makeDirectory('/a', 0o1777))).toEqual([]);
  });

  it.each<[string, (machine: ReturnType<typeof createMemoryFiles>) => void, RegExp]>([
    ['is not there', (machine) => machine.unplant('/a/b/check.sh'), /no such file/],
    ['is no file', (machine) => machine.plantOther('/a/b/check.sh', 'other'), /not a regular file/],
    ['is a link', (machine) => machine.plantLink('/a/b/check.sh', '/x'), /not a regular file/],
    ['is not executable', (machine) => machine.plant('/a/b/check.sh', '', 0o644), /not executable/],
    ['is its group’s to write', (machine) => machine.plant('/a/b/check.sh', '', 0o775), /may write it/],
    ['is everybody’s to write', (machine) => machine.plant('/a/b/check.sh', '', 0o757), /may write it/],
    ['belongs to another user', (machine) => machine.own('/a/b/check.sh', 1000), /user 1000/],
    ['lies in another’s directory', (machine) => machine.own('/a', 1000), /^\/a: belongs to user 1000/],
    [
      'lies where all may write',
      (machine) => void machine.makeDirectory('/a', 0o777),
      /^\/a: others .* 0777/,
    ],
  ])('that %s is not', async (_what, change, expected) => {
    const reasons = await judged(change);
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toMatch(expected);
  });

  it('is named by its whole path', async () => {
    expect(await findUnsafeScript(createMemoryFiles(), 'check.sh')).toEqual([
      'check.sh: not an absolute path',
    ]);
  });
});
