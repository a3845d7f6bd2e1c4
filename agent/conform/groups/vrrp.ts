// Both dialects: keepalived on the spare port, from its configuration to its stop. It replaces the VRRP configuration that
// the amphora has: for test machines only. Sources: contract/octavia-1.0.md "Details of success answers",
// contract/amphora-v0.1.md "VRRP".

import { get, json, put, type Case, type Dialect, type Group } from '../case';
import { vrrpText } from '../texts';
import { etagOf, ok, okWith, someDetails } from './words';

/** The life of keepalived. */
export function vrrpLife(dialect: Dialect): Group {
  const isOld = dialect === 'v0.1';
  const root = isOld ? '/v0.1' : '/1.0';
  return {
    name: 'VRRP',
    dialect,
    access: 'network',
    learn: async (scene, bench) => {
      const outcome = await bench.send(get(`${root}/interface/${scene.strangeIp}`));
      const body = outcome.kind === 'answer' ? outcome.body.toString('utf8') : '';
      const name = /"interface":\s*"([A-Za-z0-9_.-]{1,15})"/.exec(body)?.[1];
      return name === undefined ? scene : { ...scene, pluggedName: name };
    },
    cases: ({ pluggedName, strangeIp }) => {
      const text = vrrpText(pluggedName, strangeIp);
      const upload = {
        says: 'PUT vrrp/upload → 200 OK, ETag (v0.1 without).',
        ask: put(`${root}/vrrp/upload`, text),
        expect: json(200, ok, isOld ? undefined : etagOf(text)),
      };
      return [
        { name: 'upload', ...upload },
        ...(isOld ? oldRefusal : newRefusal),
        // Octavia's agent keeps what it should refuse.
        { name: 'upload again', ...upload },
        ...steps(isOld).map(([name, action, details]) => ({
          name,
          says: `PUT vrrp/${action} → 202 "${details}".`,
          ask: put(`${root}/vrrp/${action}`),
          expect: json(202, isOld && name.endsWith('runs') ? { message: 'OK' } : okWith(details)),
        })),
      ];
    },
  };
}

type Step = readonly [name: string, action: string, details: string];

function steps(isOld: boolean): readonly Step[] {
  const stopped = isOld ? 'keepalived stopped' : 'keepalived stoped';
  return [
    ['start', 'start', 'keepalived started'],
    ['start of what runs', 'start', 'keepalived reloaded'],
    ['reload', 'reload', 'keepalived reloaded'],
    ['stop', 'stop', stopped],
    ['stop of what is stopped', 'stop', stopped],
  ];
}

const nonsense = 'nonsense {\n';

const oldRefusal: readonly Case[] = [
  {
    name: 'upload that keepalived refuses',
    says: '400 {"message":"Failed to upload keepalived configuration.","details":…} when the test fails.',
    ask: put('/v0.1/vrrp/upload', nonsense),
    expect: json(400, someDetails('Failed to upload keepalived configuration.')),
  },
];

const newRefusal: readonly Case[] = [
  {
    name: 'upload that keepalived refuses',
    says: '400 when keepalived -t refuses [better].',
    better: true,
    ask: put('/1.0/vrrp/upload', nonsense),
    expect: { status: [400] },
  },
  {
    name: 'reload of what is stopped',
    says: 'vrrp reload of what is stopped: 500 "Failed to <action> octavia-keepalived service".',
    ask: put('/1.0/vrrp/reload'),
    expect: json(500, someDetails('Failed to reload octavia-keepalived service')),
  },
];
