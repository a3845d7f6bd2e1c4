// Configurations that keepalived's own test refuses, and some that it would run and the policy refuses.
import { readFileSync } from 'node:fs';

const paths = ['/v0.1/vrrp/upload', '/1.0/vrrp/upload'];

const broken = [
  (text) => text.replace('virtual_router_id', 'virtual_router'),
  (text) => `${text}}\n`,
  (text) => text.replace(/priority \d+/, 'priority 300'),
];
const forbidden = [
  (text) => text.replace(/notify ".*"/, 'notify "/bin/true"'),
  (text) => text.replace(/script ".*"/, 'script "/bin/sh -c true"'),
  (text) => `$S=/bin/true\n${text}`,
  (text) => `include /etc/passwd\n${text}`,
];

const uploads = (edits) =>
  async function play({ pair }) {
    for (const amphora of pair.amphorae) {
      const text = readFileSync(amphora.vrrp('octavia-keepalived.conf'), 'utf8');
      for (const edit of edits) {
        const wrong = edit(text);
        if (wrong === text) throw new Error('an edit that edits nothing');
        for (const path of paths) await amphora.call('PUT', path, wrong, 400);
      }
      await amphora.call('PUT', '/v0.1/vrrp/reload', undefined, 202);
    }
  };

export const brokenUpload = {
  name: 'broken-upload',
  title: 'broken upload refused',
  stays: true,
  play: uploads(broken),
};

export const forbiddenUpload = {
  name: 'forbidden-upload',
  title: 'upload refused by the policy',
  stays: true,
  play: uploads(forbidden),
};
