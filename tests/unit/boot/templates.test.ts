// Templates of an operator: which are taken, and what is said of those that cannot be.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { builtInTemplates } from '../../../agent/boot/built-in-templates';
import { loadTemplates, requireUsable } from '../../../agent/boot/templates';
import { createMemoryFiles } from '../../fakes/memory-files';

const directory = '/etc/amphorad/templates';
const shipped = join(__dirname, '../../../templates');
const load = (texts: Readonly<Record<string, string>>, where: string | undefined = directory) => {
  const entries = Object.entries(texts).map(([name, text]) => [`${directory}/${name}`, text] as const);
  return loadTemplates(where, createMemoryFiles(Object.fromEntries(entries)));
};

describe('templates', () => {
  it('are those built in where there is no directory, none of a name, or none wanted', async () => {
    for (const loaded of [await load({}), await load({ README: 'x', 'firewall.nft': '{{' })]) {
      expect(loaded.templates).toEqual(builtInTemplates);
      expect(loaded.report).toEqual({ overridden: [], problems: [], unknown: [] });
    }
    const { report } = await loadTemplates(
      undefined,
      createMemoryFiles({ [`${directory}/firewall.nft.hbs`]: '{{' }),
    );
    expect(report.problems).toEqual([]);
  });

  it('of an operator replace those of the same name, and no other', async () => {
    const text = 'global\n    stats socket {{adminSocket}}\n{{#each logs}}\n    log {{this}}\n{{/each}}\n';
    const { templates, report } = await load({ 'haproxy-overlay.cfg.hbs': text });
    expect(report).toEqual({
      overridden: [`${directory}/haproxy-overlay.cfg.hbs`],
      problems: [],
      unknown: [],
    });
    const view = { adminSocket: '/a&b', logs: ['"x"'] };
    expect(templates['haproxy-overlay.cfg'](view)).toBe('global\n    stats socket /a&b\n    log "x"\n');
    expect(templates['firewall.nft']).toBe(builtInTemplates['firewall.nft']);
  });

  it.each(readdirSync(shipped))('can be the shipped %s itself, as a beginning', async (name) => {
    const text = readFileSync(join(shipped, name), 'utf8');
    const { report } = await load({ [name]: text });
    expect(report).toEqual({ overridden: [`${directory}/${name}`], problems: [], unknown: [] });
  });

  it('of no known name are told', async () => {
    expect((await load({ 'haproxy.cfg.hbs': '' })).report.unknown).toEqual([`${directory}/haproxy.cfg.hbs`]);
  });

  it.each([
    ['is not closed', 'firewall.nft.hbs', 'table {{#each admitted}}', /Parse error on line 1/],
    ['shows what is not there', 'firewall.nft.hbs', '{{tabel}}', /"tabel" not defined/],
    ['calls for another file', 'firewall.nft.hbs', '{{> other}}', /partial other could not be found/],
    [
      'is no JSON once filled in',
      'interface.json.hbs',
      '{ "name": {{name}} }',
      /^what it makes is no JSON object$/,
    ],
    ['forgets addresses', 'interface.json.hbs', '{ "name": "{{name}}" }', /leaves out an address/],
    ['forgets the admin socket', 'haproxy-overlay.cfg.hbs', 'global\n', /does not hold "\/lib\/trial/],
    ['forgets the check', 'keepalived-vrrp.conf.hbs', '{{notifyScript}}', /check_script\.sh/],
    ['forgets a family', 'masquerade.nft.hbs', 'table ip {{table}}', /table ip6/],
  ])('that %s cannot be used, and the agent does not start', async (_what, name, text, reason) => {
    const loaded = await load({ [name]: text });
    const path = `${directory}/${name}`;
    expect(loaded.report.overridden).toEqual([]);
    expect(loaded.report.problems).toEqual([{ path, reason: expect.stringMatching(reason) }]);
    expect(() => requireUsable(loaded)).toThrow(
      expect.objectContaining({ kind: 'invalid-input', detail: expect.stringContaining(path) }),
    );
  });

  it('that cannot be read are named', async () => {
    const files = createMemoryFiles({ [directory]: 'a file' });
    expect((await loadTemplates(directory, files)).report.problems).toEqual([
      { path: directory, reason: expect.any(String) },
    ]);
  });

  it('that fail only later are named in the error', async () => {
    const text =
      '{{#each families}}table {{family}} {{../table}} {{#if odd}}{{../nothing.more}}{{/if}}{{/each}}';
    const { templates, report } = await load({ 'masquerade.nft.hbs': text });
    expect(report.problems).toEqual([]);
    const families = [{ family: 'ip', odd: true }];
    expect(() => templates['masquerade.nft']({ table: 't', name: 'n', families })).toThrow(
      `${directory}/masquerade.nft.hbs cannot be used`,
    );
  });
});
