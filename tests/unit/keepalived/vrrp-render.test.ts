// What a pair gets from the topology call, and what keepalived reads in the end.

import { describe, expect, it } from '@jest/globals';
import { builtInTemplates } from '../../../agent/boot/built-in-templates';
import { renderVrrpConfig } from '../../../agent/keepalived/render';
import { readVrrpConfig } from '../../../agent/keepalived/vrrp-config';
import { vrrpLiveText } from '../../../agent/keepalived/vrrp-live';
import { vrrpPaths } from '../../../agent/keepalived/vrrp-paths';
import { virtualRouterIdOf, vrrpPassword } from '../../../agent/keepalived/vrrp-secret';
import { vrrpPriority, type VrrpInstance } from '../../../agent/model/vrrp';
import { ipOf, vrrpInstance } from './vrrp-instance';
import { vrrpUpload } from './vrrp-text';

const paths = vrrpPaths('/base');
const render = (changes: Partial<VrrpInstance> = {}): string =>
  renderVrrpConfig(builtInTemplates['keepalived-vrrp.conf'], vrrpInstance(changes), paths);

describe('a rendered configuration', () => {
  it('is the one of the contract', () => {
    expect(render()).toBe(`# Made by amphorad from the topology that it was given.
global_defs {
    router_id node-a
    script_user root
    enable_script_security
    vrrp_garp_master_refresh 5
    vrrp_garp_master_refresh_repeat 2
}

vrrp_script check_haproxy {
    script "/base/vrrp/check_script.sh"
    interval 1
    timeout 1
    fall 2
    rise 2
    init_fail
}

vrrp_instance amphora {
    state BACKUP
    interface eth1
    virtual_router_id 50
    priority 100
    version 2
    nopreempt
    accept
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass 0a1b2c3d
    }
    unicast_src_ip 10.0.0.11
    unicast_peer {
        10.0.0.12
    }
    virtual_ipaddress {
        10.0.0.5/24 dev eth1
    }
    virtual_routes {
        10.0.0.0/24 dev eth1 src 10.0.0.5 scope link table 1
        default via 10.0.0.1 dev eth1 onlink table 1
    }
    virtual_rules {
        from 10.0.0.5/32 table 1 priority 100
    }
    track_script {
        check_haproxy
    }
    notify "/base/vrrp/notify.sh"
}
`);
  });

  it('speaks VRRPv3, without a password, for IPv6 and below a second', () => {
    const v6 = render({
      source: ipOf('2001:db8::11'),
      peers: [ipOf('2001:db8::12')],
      vips: [
        { ip: ipOf('2001:db8::5'), prefixLength: 64 },
        { ip: ipOf('10.0.0.5'), prefixLength: 24 },
      ],
    });
    expect(v6).toContain('version 3');
    expect(v6).not.toContain('auth_pass');
    expect(v6).toMatch(/virtual_ipaddress \{\s+2001:db8::5\/64 dev eth1\s+\}/);
    expect(v6).toMatch(/virtual_ipaddress_excluded \{\s+10\.0\.0\.5\/24 dev eth1\s+\}/);
    const fast = render({ advertMs: 300 });
    expect(fast).toContain('advert_int 0.3');
    expect(fast).toContain('version 3');
    expect(fast).not.toContain('auth_pass');
  });

  it('announces by multicast while no peer is known', () => {
    const text = render({ peers: [] });
    expect(text).toContain('mcast_src_ip 10.0.0.11');
    expect(text).not.toContain('unicast');
    expect(render({ peers: [], source: undefined })).not.toMatch(/mcast|unicast/);
  });

  it('sends answers over host routes, too', () => {
    const hostRoutes = [{ destination: '192.168.7.0/24', nexthop: ipOf('10.0.0.9') }];
    const vips = [{ ip: ipOf('10.0.0.5'), prefixLength: 24, network: '10.0.0.0/24', hostRoutes }];
    expect(render({ vips })).toContain('192.168.7.0/24 via 10.0.0.9 dev eth1 onlink table 1');
    expect(render({ vips })).not.toContain('default via');
  });

  it.each<[string, Partial<VrrpInstance>]>([
    ['a router id that is none', { virtualRouterId: 0 }],
    ['a priority that is none', { priority: 255 }],
    ['an interval that is none', { advertMs: 41_000 }],
    ['an interval finer than VRRPv3 counts', { advertMs: 305 }],
    ['no address', { vips: [] }],
    ['a check that overtakes itself', { check: { intervalS: 1, timeoutS: 2, fall: 2, rise: 2 } }],
    ['a password that keepalived cuts', { authPass: 'ninechars' }],
    ['a name with a line break', { routerId: 'a\nb' }],
    ['a name with a blank', { name: 'a b' }],
    ['an interface with a brace', { interfaceName: 'a{' }],
    [
      'a network with a comment',
      { vips: [{ ip: ipOf('10.0.0.5'), prefixLength: 24, network: '10.0.0.0/24 #' }] },
    ],
  ])('is refused with %s', (_what, changes) => {
    expect(() => render(changes)).toThrow(expect.objectContaining({ kind: 'internal' }));
  });
});

describe('what both of a pair derive', () => {
  it('is a router id of the address that they share', () => {
    expect(virtualRouterIdOf(ipOf('192.168.50.10'))).toBe(virtualRouterIdOf(ipOf('192.168.50.10')));
    const many = Array.from({ length: 250 }, (_, index) => virtualRouterIdOf(ipOf(`10.0.0.${index}`)));
    expect(Math.min(...many)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...many)).toBeLessThanOrEqual(255);
    expect(new Set(many).size).toBeGreaterThan(100);
  });

  it('is the digest as one number, by 255', () => {
    // sha256("10.0.0.5") by `sha256sum`, and its remainder by `bc`.
    expect(virtualRouterIdOf(ipOf('10.0.0.5'))).toBe(10);
  });

  it('is a password in which the whole secret counts', () => {
    expect(vrrpPassword('abc')).toBe('ba7816bf');
    expect(vrrpPassword('12345678-one')).not.toBe(vrrpPassword('12345678-two'));
  });

  it('are priorities, far from each other below a second', () => {
    expect([vrrpPriority('ACTIVE'), vrrpPriority('STANDBY')]).toEqual([100, 90]);
    expect(vrrpPriority('ACTIVE', 300) - vrrpPriority('STANDBY', 300)).toBeGreaterThanOrEqual(50);
  });
});

describe('what keepalived reads', () => {
  it('names the account of scripts before anything else: a reload drops the check otherwise', () => {
    const { text } = vrrpLiveText(vrrpUpload(), paths);
    expect(text.indexOf('script_user root')).toBeLessThan(text.indexOf('vrrp_script'));
    const own = vrrpLiveText(render(), paths).text;
    expect(own.match(/script_user root/g)).toHaveLength(1);
    expect(own.match(/enable_script_security/g)).toHaveLength(1);
  });

  it('tells every instance’s state to us, once', () => {
    const two = `${vrrpUpload()}\n${vrrpUpload(['a0b1c2d3e4f5', 'other'])}`;
    const notified = (text: string) =>
      readVrrpConfig(vrrpLiveText(text, paths).text).instances.map(({ notifyCommands }) => notifyCommands);
    expect(notified(two)).toEqual([['/base/vrrp/notify.sh'], ['/base/vrrp/notify.sh']]);
    expect(notified(render())).toEqual([['/base/vrrp/notify.sh']]);
  });

  it('has host routes as keepalived writes them', () => {
    const { text } = vrrpLiveText(vrrpUpload(), paths);
    expect(text).toContain('192.168.7.0/24 dev eth1 via 10.0.0.9 onlink table 1');
    expect(text).not.toContain('gateway');
  });

  it('leaves out the namespace, which the agent enters', () => {
    expect(vrrpLiveText(`net_namespace amphora-haproxy\n${vrrpUpload()}`, paths).text).not.toContain(
      'net_namespace',
    );
  });

  it('is told by the lines of the upload', () => {
    const upload = vrrpUpload(['interface eth1', 'interface eth9']);
    const live = vrrpLiveText(upload, paths);
    const at = (text: string): number => text.split('\n').findIndex((line) => line.includes('eth9')) + 1;
    expect(live.renumber(`(/x: Line ${at(live.text)}) no eth9`)).toBe(`(/x: Line ${at(upload)}) no eth9`);
    expect(live.renumber('(/x: Line 9999) what')).toBe('(/x: Line 9999) what');
  });
});
