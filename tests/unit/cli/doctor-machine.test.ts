// What the doctor sees of kernel, programs, privileges, clock, processes, ports and certificates: each check on a
// machine where it has something to find. On the healthy one of the scene they all say ok (doctor.test.ts).

import { describe, expect, it } from '@jest/globals';
import { version } from '../../../agent/generated/version';
import type { Finding } from '../../../agent/model/finding';
import { crlFixture } from '../../fixtures/crl/fixture';
import { pkiFixture } from '../../fixtures/pki/fixture';
import { answering, id, well, type Machine } from './doctor-scene';

const netns = '[amphorad]\nnetwork_namespace = amphora-haproxy\n';
const foreign = 'LISTEN 0 9 *:9443 *:* users:(("nginx",pid=5,fd=9))\n';
const status = (uid: number, caps: string, bound: number): string =>
  `Uid:\t${uid}\t${uid}\t${uid}\t${uid}\nCapEff:\t${caps}\nNoNewPrivs:\t${bound}\n`;
const plant =
  (path: string, text: string) =>
  ({ files }: Machine): void =>
    files.plant(path, text);
const print =
  (match: RegExp, stdout: string) =>
  ({ runner }: Machine): void =>
    runner.script({ match, result: { stdout } });
const haproxyOf = (lb: string, pid = 9): Parameters<Machine['runner']['addProcess']>[0] => ({
  pid,
  argv: ['/usr/sbin/haproxy', '-p', `/var/lib/octavia/${lb}/${lb}.pid`],
});

type Row = readonly [check: string, words: RegExp, harm: (machine: Machine) => unknown, local?: string];

const withAgent: readonly Row[] = [
  [
    'templates',
    /firewall\.nft\.hbs: Parse error/,
    plant('/etc/amphorad/templates/firewall.nft.hbs', '{{#if'),
  ],
  [
    'templates',
    /haproxy\.cfg\.hbs is named like no template/,
    plant('/etc/amphorad/templates/haproxy.cfg.hbs', ''),
  ],
  ['haproxy', /version 1\.8\.4/, print(/haproxy -v$/, 'HA-Proxy version 1.8.4 2018\n')],
  ['haproxy-build', /without OPENSSL/, print(/haproxy -vv$/, 'Feature list : -OPENSSL +PROMEX +THREAD\n')],
  ['haproxy-build', /without PROMEX/, print(/haproxy -vv$/, '  OPTIONS = USE_OPENSSL=1 USE_THREAD=1\n')],
  [
    'keepalived-build',
    /without VRRP_AUTH/,
    (machine) => {
      machine.files.plant('/var/lib/octavia/vrrp/octavia-keepalived.conf', '');
      print(/^keepalived -v$/, 'Keepalived v2.2.7\nConfig options:  LVS VRRP JSON\n')(machine);
    },
  ],
  ['kernel', /3\.8\.13, older than 3\.9/, plant('/proc/sys/kernel/osrelease', '3.8.13\n')],
  ['kernel', /no network namespaces/, () => undefined, netns],
  [
    'kernel',
    /nft list tables fails/,
    (machine) => {
      machine.files.plant('/proc/self/ns/net', '');
      machine.files.plant('/run/netns/amphora-haproxy', '');
      machine.runner.script({ match: /nft list tables/, result: { code: 1 } });
    },
    netns,
  ],
  ['kernel', /no ip_vs/, plant(`/var/lib/octavia/lvs/octavia-keepalivedlvs-${id}.conf`, '')],
  ['kernel-settings', /somaxconn is 128, below 1024/, plant('/proc/sys/net/core/somaxconn', '128\n')],
  ['kernel-settings', /fs\.nr_open is 4096/, plant('/proc/sys/fs/nr_open', '4096\n')],
  [
    'kernel-settings',
    /ip_local_port_range has 1001 ports/,
    plant('/proc/sys/net/ipv4/ip_local_port_range', '40000\t41000\n'),
  ],
  // All but CAP_NET_RAW (13).
  ['privileges', /root without CAP_NET_RAW/, plant('/proc/77/status', status(0, '000001ffffffdfff', 0))],
  ['privileges', /not root, and no_new_privs/, plant('/proc/77/status', status(1000, '0', 1))],
  ['clock', /not synchronised/, print(/^timedatectl /, 'no\n')],
  [
    'clock',
    /not synchronised/,
    (machine) => {
      machine.runner.script({ match: /^timedatectl /, cannotStart: 'ENOENT' });
      print(/^chronyc /, 'id,host,0,0.0,Not synchronised\n')(machine);
    },
  ],
  ['sockets', /master\.sock can be opened by others/, openSocket],
  ['orphans', /pid 9\), and nothing on disk/, ({ runner }) => runner.addProcess(haproxyOf('gone'))],
  ['api-port', /does not listen on port 9443/, ({ listen }) => listen('')],
  [
    'listener-certificates',
    /one\.pem ended \d+ days ago/,
    plant(`/var/lib/octavia/certs/${id}/one.pem`, pkiFixture('ec-expired.crt') + pkiFixture('ec.key')),
  ],
];

async function openSocket({ files }: Machine): Promise<void> {
  files.plantOther(`/var/lib/octavia/${id}/master.sock`, 'socket');
  await files.changeMode(`/var/lib/octavia/${id}/master.sock`, 0o666);
}

const withoutAgent: readonly Row[] = [
  ['api-port', /Port 9443 of the API is taken by another process \(pid 5\)/, ({ listen }) => listen(foreign)],
  [
    'listener-ports',
    /10\.0\.0\.5:80, which .* wants, is taken by another process \(pid 5\)/,
    (machine) => {
      machine.files.plant(`/var/lib/octavia/${id}/haproxy.cfg`, 'frontend f\n  bind 10.0.0.5:80\n');
      machine.listen('LISTEN 0 9 0.0.0.0:80 0.0.0.0:* users:(("nginx",pid=5,fd=9))\n');
    },
  ],
  ['leftovers', /haproxy\.cfg\.candidate/, plant(`/var/lib/octavia/${id}/haproxy.cfg.candidate`, 'x')],
  [
    'client-crl',
    /ended at /,
    ({ files, clock }) => {
      files.plant('/pki/crl.pem', crlFixture('root.crl'));
      clock.jumpWall(Date.UTC(2200, 0, 1) - clock.now());
    },
    '[amphorad]\nnetwork_namespace =\nclient_crl = /pki/crl.pem\n',
  ],
];

async function findingsOf(machine: Machine, check: string): Promise<readonly Finding[]> {
  const { text } = await machine.run(true);
  const { checks } = JSON.parse(text) as { checks: { check: string; findings: Finding[] }[] };
  return checks.find((each) => each.check === check)?.findings ?? [];
}

describe('the doctor sees', () => {
  it.each(withAgent)('%s: %s', async (...row) => {
    const [check, words, harm, local] = row;
    const machine = await answering(local);
    await harm(machine);
    expect((await findingsOf(machine, check)).map(({ what }) => what)).toContainEqual(
      expect.stringMatching(words),
    );
  });

  it.each(withoutAgent)('without an agent %s: %s', async (...row) => {
    const [check, words, harm, local] = row;
    const machine = well(local);
    await harm(machine);
    expect((await findingsOf(machine, check)).map(({ what }) => what)).toContainEqual(
      expect.stringMatching(words),
    );
  });

  it('no orphan in a haproxy on record, no foreigner in our own haproxy on its port', async () => {
    const machine = well();
    machine.files.plant(`/var/lib/octavia/${id}/haproxy.cfg`, 'frontend f\n  bind 10.0.0.5:80\n');
    machine.runner.addProcess(haproxyOf(id));
    machine.listen('LISTEN 0 9 10.0.0.5:80 0.0.0.0:* users:(("haproxy",pid=9,fd=9))\n');
    expect(await findingsOf(machine, 'orphans')).toEqual([]);
    expect(await findingsOf(machine, 'listener-ports')).toEqual([]);
  });

  it('and says where an ok does not mean all: a clock that nobody tells of', async () => {
    const machine = await answering();
    machine.runner.script({ match: /^timedatectl |^chronyc /, cannotStart: 'ENOENT' });
    expect((await machine.run()).text).toContain(
      'ok       clock (nobody here tells whether it is synchronised)',
    );
  });

  it('no need of ip_vs or keepalived in the scripts that the agent has put there', async () => {
    const machine = await answering();
    machine.files.plant('/var/lib/octavia/lvs/check/udp_check.sh', '');
    machine.files.plant('/var/lib/octavia/vrrp/check_script.sh', '');
    expect(await findingsOf(machine, 'kernel')).toEqual([]);
    expect(await findingsOf(machine, 'keepalived-build')).toEqual([]);
  });

  it('an agent that still starts, with what it is at', async () => {
    const machine = await answering();
    await machine.say({ pid: 77, version, stage: 'starting', step: 'it looks around', findings: [] });
    const [finding] = await findingsOf(machine, 'agent');
    expect(finding?.what).toBe('The agent (pid 77) still starts: it looks around');
  });
});
