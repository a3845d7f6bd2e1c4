// The policy for VRRP uploads against a table of hostile lines, and what controllers really upload.

import { describe, expect, it } from '@jest/globals';
import { builtInTemplates } from '../../../agent/boot/built-in-templates';
import { checkKeepalivedPolicy } from '../../../agent/keepalived/policy';
import { vrrpGrammar } from '../../../agent/keepalived/vrrp-grammar';
import { vrrpPaths } from '../../../agent/keepalived/vrrp-paths';
import { renderVrrpConfig } from '../../../agent/keepalived/render';
import { vrrpInstance } from './vrrp-instance';
import { hostileVrrpLines, vrrpConfigWith, type HostileVrrpLine } from './vrrp-hostile-lines';
import { vrrpUpload } from './vrrp-text';

const paths = vrrpPaths('/var/lib/octavia');
const grammar = vrrpGrammar({ namespaces: ['amphora-haproxy'], ...paths });
const check = (text: string) => checkKeepalivedPolicy(text, grammar);

describe('a hostile line is refused by its number', () => {
  it.each(
    hostileVrrpLines.map((each): [string, HostileVrrpLine] => [
      `${each.block}: ${each.line.slice(0, 90)}`,
      each,
    ]),
  )('%s', (_what, hostile) => {
    const { text, number } = vrrpConfigWith(hostile);
    expect(check(text).map(({ line }) => line)).toContain(number);
  });
});

describe('a line that a pair needs passes', () => {
  it.each<readonly [HostileVrrpLine['block'], string]>([
    ['top', 'net_namespace amphora-haproxy'],
    ['global', 'script_user root'],
    ['global', 'enable_script_security'],
    ['global', 'vrrp_garp_master_refresh 5'],
    ['global', 'vrrp_version 3'],
    ['script', 'script "/var/lib/octavia/vrrp/check_script.sh a 10.0.0.1"'],
    ['script', 'interval 0.5'],
    ['script', 'weight -20'],
    ['instance', 'advert_int 0.3'],
    ['instance', 'preempt_delay 5'],
    ['instance', 'notify "/var/lib/octavia/vrrp/notify.sh"'],
    ['authentication', 'auth_pass 7de12f9'],
    ['peers', '2001:db8::12'],
    ['peers', '10.0.0.12 min_ttl 254 max_ttl 255'],
    ['addresses', '10.0.0.5/24 dev eth1'],
    ['addresses', '2001:db8::5/64 dev eth1 scope global nodad'],
    ['routes', '2001:db8:7::/48 dev eth1 gateway 2001:db8::9 onlink table 1'],
    ['rules', 'from 2001:db8::5/128 table 1 priority 100'],
    ['tracked', 'c weight -20'],
  ])('%s: %s', (block, line) => {
    expect(check(vrrpConfigWith({ block, line }).text)).toEqual([]);
  });

  it('as Octavia’s template writes it', () => {
    expect(check(vrrpUpload())).toEqual([]);
    expect(check(vrrpUpload(['state BACKUP', 'state MASTER']))).toEqual([]);
  });

  it('as we render it ourselves', () => {
    expect(check(renderVrrpConfig(builtInTemplates['keepalived-vrrp.conf'], vrrpInstance(), paths))).toEqual(
      [],
    );
  });
});

it('never shows a password', () => {
  const faults = check(vrrpUpload(['auth_pass 7de12f9', 'auth_pass se"cret']));
  expect(faults).not.toEqual([]);
  expect(JSON.stringify(faults)).not.toContain('cret');
  expect(JSON.stringify(check(vrrpUpload(['auth_pass 7de12f9', 'auth_pass $secret'])))).not.toContain(
    'secret',
  );
});
