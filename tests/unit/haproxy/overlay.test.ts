// What haproxy reads beside, and without root instead of, an upload.

import { describe, expect, it } from '@jest/globals';
import { builtInTemplates } from '../../../agent/boot/built-in-templates';
import { effectiveConfig, type OverlayOptions } from '../../../agent/haproxy/overlay';
import { haproxyPaths } from '../../../agent/haproxy/paths';
import { renderOverlay } from '../../../agent/haproxy/render';
import { parseListenerUuid } from '../../../agent/model/ids';

const id = parseListenerUuid('0a000000-0000-4000-8000-000000000001');
const paths = haproxyPaths({ basePath: '/b', certDir: '/c', runtimeDir: '/run/r' }, id);
const root: OverlayOptions = {
  runAs: { user: 'nobody', group: 'nogroup' },
  logSockets: ['/run/rsyslog/octavia/log', '/dev/log'],
  userLogFacility: 0,
  administrativeLogFacility: 1,
  hardStopAfter: undefined,
  pingHelper: { named: '/o/ping-wrapper.sh', installed: '/b/ping-wrapper.sh' },
  template: builtInTemplates['haproxy-overlay.cfg'],
};
const ordinary: OverlayOptions = { ...root, runAs: undefined };
const overlayLines = (upload: string, options = root): readonly string[] =>
  effectiveConfig(upload, paths, options)
    .overlay.split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));

describe('the overlay', () => {
  it('adds account, log and admin socket to an upload that has none', () => {
    expect(overlayLines('global\n daemon\n')).toEqual([
      'global',
      'user nobody',
      'group nogroup',
      'log /run/rsyslog/octavia/log local0',
      'log /run/rsyslog/octavia/log local1 notice',
      `stats socket /run/r/${id}/admin.sock mode 600 level admin expose-fd listeners`,
      'no strict-limits',
    ]);
  });

  it.each([
    ['user', 'user haproxy', false, true],
    ['uid', 'uid 1000', false, true],
    ['group', 'group haproxy', true, false],
    ['gid', 'gid 1000', true, false],
  ])('adds nothing that the upload says with %s', (_word, line, user, group) => {
    const lines = overlayLines(`global\n ${line}\n`);
    expect(lines.includes('user nobody')).toBe(user);
    expect(lines.includes('group nogroup')).toBe(group);
  });

  it('still adds the account when the word stands in a comment or another section', () => {
    const lines = overlayLines('global\n # user a\nuserlist l\n group b\n user c\n');
    expect(lines).toEqual(expect.arrayContaining(['user nobody', 'group nogroup']));
  });

  it.each([
    [
      'is the first socket that exists, notices under a facility of their own',
      { ...root, userLogFacility: 5, administrativeLogFacility: 6 },
      ['log /run/rsyslog/octavia/log local5', 'log /run/rsyslog/octavia/log local6 notice'],
    ],
    ['is haproxy’s own file without a socket', { ...root, logSockets: [] }, ['log stdout format iso local0']],
  ])('its log target %s', (_what, options, lines) => {
    expect(overlayLines('', options).filter((line) => line.startsWith('log'))).toEqual(lines);
  });

  it('leaves the log to an upload that has a target', () => {
    expect(overlayLines('global\n log 10.0.0.1 local0\n').filter((line) => line.startsWith('log'))).toEqual(
      [],
    );
  });

  it.each([
    ['never, by default', undefined, '', undefined],
    ['after the configured time', 90, '', 'hard-stop-after 90000ms'],
    ['as the upload says, if it does', 90, 'global\n hard-stop-after 5s\n', undefined],
  ])('cuts replaced workers %s', (_what, hardStopAfter, upload, line) => {
    const found = overlayLines(upload, { ...root, hardStopAfter });
    expect(found.find((each) => each.startsWith('hard-stop-after'))).toBe(line);
  });

  it('is refused for a value that could be read as two lines', () => {
    const view = { user: 'a\nuser root', group: '', adminSocket: '/s', logs: [], hardStopAfter: '' };
    expect(() => renderOverlay(root.template, view)).toThrow('control character');
  });
});

describe('an agent that is not root', () => {
  const upload =
    'global\n  user nobody\n  daemon\n  group "no group"\n  chroot /var\n\ndefaults\n  mode http\n';

  it('lets haproxy read a copy without what only root can do, at the same line numbers', () => {
    const { text, dropped } = effectiveConfig(upload, paths, ordinary);
    expect(text).toBe('global\n\n  daemon\n\n\n\ndefaults\n  mode http\n');
    expect(dropped).toEqual(['2: user nobody', '4: group no group', '5: chroot /var']);
  });

  it('blanks uid and gid, too', () => {
    expect(effectiveConfig('global\nuid 0\ngid 0', paths, ordinary).text).toBe('global\n\n');
  });

  it('has it read the upload when it drops nothing, and adds no account', () => {
    const { text, dropped, overlay } = effectiveConfig('global\n daemon\n', paths, ordinary);
    expect([text, dropped]).toEqual(['global\n daemon\n', []]);
    expect(overlay).not.toMatch(/^ *(user|group) /m);
  });

  it('unlike root, for whom haproxy reads the upload as it is', () => {
    const { text, dropped } = effectiveConfig(upload, paths, root);
    expect([text, dropped]).toEqual([upload, []]);
  });
});

describe('the helper of PING monitors', () => {
  const upload = (helper: string): string =>
    `global\n  external-check\nbackend b\n  option external-check\n  external-check command ${helper}\n  # ${helper}\n`;

  it.each([
    ['/o/ping-wrapper.sh', '    external-check command /b/ping-wrapper.sh'],
    ['"/o/ping-wrapper.sh" # theirs', '    external-check command /b/ping-wrapper.sh'],
    ['/b/ping-wrapper.sh', '  external-check command /b/ping-wrapper.sh'],
    ['/o/ping-wrapper.sh.old', '  external-check command /o/ping-wrapper.sh.old'],
  ])('%s is run from base_path, and only the line that names it changes', (helper, line) => {
    const lines = upload(helper).split('\n');
    expect(effectiveConfig(upload(helper), paths, root).text.split('\n')).toEqual(lines.with(4, line));
  });

  it('is run from where the templates say when that is base_path', () => {
    const pingHelper = { named: '/o/ping-wrapper.sh', installed: '/o/ping-wrapper.sh' };
    const text = upload('"/o/ping-wrapper.sh"');
    expect(effectiveConfig(text, paths, { ...root, pingHelper }).text).toBe(text);
  });

  it('is run from base_path by an agent that is not root, too', () => {
    const { text, dropped } = effectiveConfig(
      `${upload('/o/ping-wrapper.sh')}global\n user u\n`,
      paths,
      ordinary,
    );
    expect(text).toContain('external-check command /b/ping-wrapper.sh\n');
    expect(dropped).toEqual(['8: user u']);
  });
});
