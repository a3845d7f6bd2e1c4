// A configuration and its crt-lists against the policy, and the files that haproxy reads with it.

import { describe, expect, it } from '@jest/globals';
import { createPolicyGuard } from '../../../agent/core/policy-guard';
import type { PolicyMode } from '../../../agent/haproxy/config/policy-fault';
import { parseListenerUuid } from '../../../agent/model/ids';
import { createMemoryFiles } from '../../fakes/memory-files';

const id = parseListenerUuid('0a000000-0000-4000-8000-000000000001');
const list = `/c/${id}/list.txt`;
const withList = `listen a\n bind :443 ssl crt-list ${list}\n`;

const setUp = (initial: Record<string, string> = {}, mode: PolicyMode = 'octavia') => {
  const files = createMemoryFiles(initial);
  const guard = createPolicyGuard({
    files,
    contextOf: (which) => ({
      mode,
      basePath: '/b',
      certDir: '/c',
      id: which,
      statsSocket: `/b/${which}.sock`,
      logSockets: [],
      caBundles: [],
      pingHelpers: [],
    }),
  });
  return { files, guard };
};

describe('the guard', () => {
  it('lets pass what the policy allows', async () => {
    const { guard } = setUp({ [list]: `/c/${id}/a.pem [alpn h2] www.example.com\n` });
    await guard.refuseFaults(id, withList);
  });

  it('names every line that the policy refuses', async () => {
    const { guard } = setUp();
    await expect(
      guard.refuseFaults(id, 'global\n chroot /x\nlisten a\n bind :80\n bogus\n'),
    ).rejects.toMatchObject({
      kind: 'config-rejected',
      detail: expect.stringMatching(/^line 2: "chroot": .*\nline 5: "bogus": /),
    });
  });

  it.each([
    ['names a file outside', `/c/${id}/a.pem\n/etc/shadow\n`, 'line 2: "/etc/shadow"'],
    ['names another’s certificate', '/c/0b000000-0000-4000-8000-000000000002/a.pem\n', 'line 1: "/c/0b'],
    ['has an option that is not allowed', `/c/${id}/a.pem [bogus x]\n`, 'line 1: "bogus"'],
  ])('refuses a crt-list that %s, naming list and line', async (_what, text, where) => {
    const { guard } = setUp({ [list]: text });
    await expect(guard.refuseFaults(id, withList)).rejects.toMatchObject({
      kind: 'config-rejected',
      message: 'The configuration policy refuses a crt-list',
      detail: expect.stringContaining(`${list} ${where}`),
    });
  });

  it('reads the crt-list anew each time', async () => {
    const { files, guard } = setUp({ [list]: `/c/${id}/a.pem\n` });
    await guard.refuseFaults(id, withList);
    files.plant(list, '/etc/shadow\n');
    await expect(guard.refuseFaults(id, withList)).rejects.toMatchObject({ kind: 'config-rejected' });
  });

  it('leaves a crt-list that is not there to haproxy', async () => {
    await setUp().guard.refuseFaults(id, withList);
  });

  it('does not follow a link in the place of a crt-list', async () => {
    const { files, guard } = setUp();
    files.plantLink(list, '/etc/shadow');
    await expect(guard.refuseFaults(id, withList)).rejects.toMatchObject({ kind: 'precondition' });
  });

  it('in permissive mode reads no crt-list', async () => {
    await setUp({ [list]: '/etc/shadow\n' }, 'permissive').guard.refuseFaults(id, withList);
  });
});

describe('the files of a configuration', () => {
  const text =
    `global\n server-state-file /b/${id}/servers-state\n` +
    `listen a\n mode http\n bind :443 ssl crt /c/${id}/a.pem ca-file /c/${id}/ca.pem\n` +
    ` bind :444 ssl crt /c/${id}/a.pem\n errorfile 503 /b/${id}/errors/503.http\n`;

  it('are those with content, each once', async () => {
    expect(await setUp().guard.filesOf(text)).toEqual([
      `/c/${id}/a.pem`,
      `/c/${id}/ca.pem`,
      `/b/${id}/errors/503.http`,
    ]);
  });

  it('have a crt-list and all that it names among them', async () => {
    const { guard } = setUp({ [list]: `/c/${id}/a.pem [ca-file /c/${id}/ca.pem]\n# no\n/c/${id}/b.pem\n` });
    expect(await guard.filesOf(withList)).toEqual([
      list,
      `/c/${id}/a.pem`,
      `/c/${id}/ca.pem`,
      `/c/${id}/b.pem`,
    ]);
  });

  it('have every file of a directory of certificates among them', async () => {
    const { guard } = setUp({ [`/c/${id}/b.pem`]: '', [`/c/${id}/a.pem`]: '' });
    const directory = `listen a\n bind :443 ssl crt /c/${id}\n`;
    expect(await guard.filesOf(directory)).toEqual([`/c/${id}/a.pem`, `/c/${id}/b.pem`]);
  });

  it('have a certificate without a suffix among them, as itself', async () => {
    const { guard } = setUp({ [`/c/${id}/www`]: '' });
    expect(await guard.filesOf(`listen a\n bind :443 ssl crt /c/${id}/www\n`)).toEqual([`/c/${id}/www`]);
  });
});
