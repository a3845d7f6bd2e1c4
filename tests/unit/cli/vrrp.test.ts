// `amphorad vrrp lint` and `preview`: what is printed, and the exit status.

import { describe, expect, it } from '@jest/globals';
import { builtInTemplates } from '../../../agent/boot/built-in-templates';
import { runVrrpLint, runVrrpPreview, type VrrpPreviewOptions } from '../../../agent/cli/vrrp';
import { createMemoryFiles } from '../../fakes/memory-files';

const agentConf = '[amphora_agent]\namphora_id = 7ee0a8b5-5c4c-4b2a-9d2c-8f0c8a4b1f11\n';
const files = createMemoryFiles({
  '/etc/agent.conf': agentConf,
  '/etc/local.conf': '[amphorad]\nvrrp_services = 5432,8404\n',
});
for (const name of ['check_script.sh', 'notify.sh']) files.plant(`/var/lib/octavia/vrrp/${name}`, '', 0o755);

const preview = (changes: Partial<VrrpPreviewOptions> = {}) =>
  runVrrpPreview(
    {
      sources: {
        configFiles: ['/etc/agent.conf'],
        configDirs: [],
        localFiles: [{ path: '/etc/local.conf', required: true }],
        environment: {},
      },
      haIp: '10.0.0.5/24',
      interfaceName: 'eth1',
      source: '10.0.0.11',
      peer: '10.0.0.12',
      advertInterval: undefined,
      ...changes,
    },
    { files, readTemplate: () => Promise.resolve(builtInTemplates['keepalived-vrrp.conf']) },
  );

describe('the preview', () => {
  it('prints what both would get: a pair in which the linter finds nothing', async () => {
    const { text, status } = await preview();
    expect(status).toBe(0);
    expect(text).toContain('wants in LISTEN: 5432, 8404');
    const [, active = '', standby = ''] = text.split(/^# (?:ACTIVE|STANDBY): .*$/m);
    expect(active).toMatch(/priority 100\n[^]*unicast_src_ip 10\.0\.0\.11\n[^]*10\.0\.0\.12\n/);
    expect(standby).toMatch(/priority 90\n[^]*unicast_src_ip 10\.0\.0\.12\n[^]*10\.0\.0\.11\n/);
    files.plant('/tmp/a', active);
    files.plant('/tmp/b', standby);
    expect(await runVrrpLint({ paths: ['/tmp/a', '/tmp/b'], json: false }, files)).toEqual({
      text: 'ok       /tmp/a\nok       /tmp/b\nok       /tmp/a and /tmp/b\n\n0 errors, 0 warnings\n',
      status: 0,
    });
  });

  it('takes IPv6, multicast and advertisements below a second', async () => {
    const text = async (changes: Partial<VrrpPreviewOptions>) => (await preview(changes)).text;
    expect(await text({ haIp: '2001:db8::5/64', source: undefined, peer: undefined })).toContain('version 3');
    expect(await text({ source: undefined, peer: undefined })).not.toContain('unicast');
    expect(await text({ advertInterval: '0.3' })).toMatch(/priority 150[^]*advert_int 0\.3[^]*priority 100/);
  });

  it.each<[string, Partial<VrrpPreviewOptions>]>([
    ['no address', { haIp: undefined }],
    ['an address without its length', { haIp: '10.0.0.5' }],
    ['a length that is none', { haIp: '10.0.0.5/33' }],
    ['what is no address', { haIp: 'x/24' }],
    ['no interface', { interfaceName: undefined }],
    ['an interface with a brace', { interfaceName: 'eth1{' }],
    ['a peer alone', { source: undefined }],
    ['a peer that is none', { peer: 'x' }],
    ['an interval that is none', { advertInterval: '0.05' }],
    ['an interval in words', { advertInterval: 'fast' }],
  ])('refuses %s', async (_what, changes) => {
    await expect(preview(changes)).rejects.toMatchObject({ kind: 'invalid-input' });
  });

  it('says what is wrong with the configuration file', async () => {
    files.plant('/etc/wrong.conf', '[amphora_agent]\namphora_id = x\n');
    const sources = { configFiles: ['/etc/wrong.conf'], configDirs: [], localFiles: [], environment: {} };
    await expect(preview({ sources })).rejects.toMatchObject({
      detail: expect.stringContaining('/etc/wrong.conf:2: [amphora_agent] amphora_id'),
    });
  });
});

describe('the linter’s exit status', () => {
  const lint = async (text: string, json = false) => {
    files.plant('/tmp/c', text);
    return runVrrpLint({ paths: ['/tmp/c'], json }, files);
  };

  it('is 1 with errors, 2 with warnings alone', async () => {
    const good = (await preview()).text.split(/^# (?:ACTIVE|STANDBY): .*$/m)[1] ?? '';
    expect((await lint('')).status).toBe(1);
    expect((await lint(good.replace('timeout 1', 'timeout 2'))).status).toBe(2);
  });

  it('comes with all findings as JSON when that is asked', async () => {
    const { text } = await lint('', true);
    expect(JSON.parse(text)).toMatchObject({
      ok: false,
      errors: 1,
      warnings: 0,
      files: [{ file: '/tmp/c', findings: [{ check: 'vrrp-instance', severity: 'error' }] }],
    });
  });

  it.each([[[]], [['/tmp/none']], [['/a', '/b', '/c']]])(
    'is that of a wrong command for %j',
    async (paths) => {
      await expect(runVrrpLint({ paths, json: false }, files)).rejects.toMatchObject({
        kind: 'invalid-input',
      });
    },
  );
});
