// What every case of the conformance kit keeps to, whatever it asks.

import { describe, expect, it } from '@jest/globals';
import { readingMethods } from '../../../agent/conform/bench';
import { groups } from '../../../agent/conform/groups';
import { makeScene } from '../../../agent/conform/scene';

const place = {
  amphoraId: '3a7e4b52-9d0c-4f15-8b6e-2c1d5e9f7a01',
  basePath: '/var/lib/octavia',
  certDirectory: '/var/lib/octavia/certs',
  namespace: 'amphora-haproxy',
  sparePort: '02:00:00:00:00:01',
};
const scene = makeScene(place, { serverBundle: 'bundle', agentConfig: 'conf' });
const cases = groups.flatMap((group) =>
  group.cases(scene).map((each) => ({ group, each, title: `${group.dialect}/${group.name}: ${each.name}` })),
);

describe('the cases', () => {
  it('have names of their own and say the sentence that they hold', () => {
    const titles = cases.map(({ title }) => title);
    expect(titles.filter((title, at) => titles.indexOf(title) !== at)).toEqual([]);
    expect(cases.filter(({ each }) => each.says.length < 4).map(({ title }) => title)).toEqual([]);
  });

  it('that only read send GET, HEAD and OPTIONS alone', () => {
    const sent = cases
      .filter(({ group }) => group.access === 'read')
      .flatMap(({ each }) => ('ask' in each ? [each.ask.method] : []));
    expect([...new Set(sent)].filter((method) => !readingMethods.includes(method))).toEqual([]);
  });

  it('that need no leave of their own change nothing but what has ids of this run', () => {
    const own = Object.values(scene.ids);
    // What is refused, whatever it names.
    const refused = /^\/(v0\.1|1\.0)\/(plug|topology|vrrp\/jump|interface\/[^/]+\/rules)/;
    const others = cases
      .filter(({ group }) => group.access === 'changes')
      .flatMap(({ each }) => ('ask' in each ? [each.ask] : []))
      .filter(({ method, path }) => !readingMethods.includes(method) && !refused.test(path))
      .filter(({ path }) => !own.some((id) => path.includes(id)));
    expect(others).toEqual([]);
  });

  it('bind nothing but loopback', () => {
    const binds = cases.flatMap(({ each }) => {
      const body = 'ask' in each ? (each.ask.body ?? '').toString() : '';
      return [...body.matchAll(/^\s*(?:bind|virtual_server)\s+(\S+)/gm)].map((match) => match[1] ?? '');
    });
    expect(binds.length).toBeGreaterThan(10);
    expect(binds.filter((at) => !at.startsWith('127.0.0.1'))).toEqual([]);
  });

  it('share no id between two runs', () => {
    const again = makeScene(place, { serverBundle: '', agentConfig: '' });
    expect(Object.values(again.ids).filter((id) => Object.values(scene.ids).includes(id))).toEqual([]);
  });
});
