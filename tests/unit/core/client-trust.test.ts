// The files about clients: all or nothing at the start; read again, what cannot be used leaves what was.

import { describe, expect, it } from '@jest/globals';
import { createClientTrustFiles } from '../../../agent/core/client-trust';
import { AgentError } from '../../../agent/model/errors';
import { createMemoryFiles } from '../../fakes/memory-files';
import { createRecordedLog } from '../../fakes/recorded-log';
import { crlFixture as fixture } from '../../fixtures/crl/fixture';

const clientCaPath = '/certs/ca.pem';
const crlPath = '/certs/crl.pem';

const setUp = (initial: Record<string, string> = {}, withLists = true) => {
  const files = createMemoryFiles({
    [clientCaPath]: fixture('root.crt'),
    [crlPath]: fixture('root.crl') + fixture('intermediate.crl'),
    ...initial,
  });
  const log = createRecordedLog();
  const trust = createClientTrustFiles({
    files,
    log,
    clientCaPath,
    crlPath: withLists ? crlPath : undefined,
  });
  return { files, log, trust };
};

describe('reading', () => {
  it('gives the authorities and the lists of theirs and of intermediates', async () => {
    const { authorities, lists } = await setUp().trust.read();
    expect(authorities.map(({ certificate }) => certificate.subject)).toEqual(['CN=CRL fixture root']);
    expect(lists?.map(({ issuerText }) => issuerText)).toEqual([
      'CN=CRL fixture root',
      'CN=CRL fixture intermediate',
    ]);
  });

  it('does not ask for lists where none are configured', async () => {
    expect((await setUp({ [crlPath]: 'garbage' }, false).trust.read()).lists).toBeUndefined();
  });

  it.each([
    [
      'agent_server_ca',
      { [clientCaPath]: 'garbage' },
      'agent_server_ca: /certs/ca.pem: No CA certificate found',
    ],
    ['client_crl', { [crlPath]: 'garbage' }, 'client_crl: /certs/crl.pem: No revocation list found'],
    [
      'a delta list',
      { [crlPath]: fixture('root-delta.crl') },
      'client_crl: /certs/crl.pem: Revocation list cannot be used',
    ],
    [
      'a forged list',
      { [crlPath]: fixture('stranger.crl') },
      'client_crl: /certs/crl.pem: Revocation list cannot be used',
    ],
  ])('names option, file and reason when it cannot be used: %s', async (_what, initial, message) => {
    await expect(setUp(initial).trust.read()).rejects.toMatchObject({
      kind: 'invalid-input',
      message,
      detail: expect.any(String),
    });
  });

  it('names option and file when there is none', async () => {
    const { files, trust } = setUp();
    await files.remove(crlPath);
    await expect(trust.read()).rejects.toMatchObject({
      kind: 'invalid-input',
      message: 'client_crl: there is no file /certs/crl.pem',
    });
  });
});

describe('reading again', () => {
  it('gives what lies there now', async () => {
    const { files, trust } = setUp();
    const before = await trust.read();
    files.plant(crlPath, fixture('root-revoking.crl'));
    expect((await trust.read(before)).lists?.[0]?.revoked.size).toBe(1);
    expect(trust.findings()).toEqual([]);
  });

  it.each([
    ['client-crl', crlPath, 'client_crl: /certs/crl.pem: No revocation list found'],
    ['client-ca', clientCaPath, 'agent_server_ca: /certs/ca.pem: No CA certificate found'],
  ])('leaves what was, logs it and finds it until it is mended: %s', async (check, path, words) => {
    const { files, log, trust } = setUp();
    const before = await trust.read();
    const good = files.snapshot()[path] ?? '';
    files.plant(path, 'garbage');
    const after = await trust.read(before);
    expect(
      check === 'client-crl' ? after.lists === before.lists : after.authorities === before.authorities,
    ).toBe(true);
    expect(trust.findings()).toEqual([
      expect.objectContaining({ check, severity: 'error', what: expect.stringContaining(words) }),
    ]);
    expect(log.entries.map(({ level, fields }) => [level, fields['error']])).toEqual([
      ['error', expect.stringContaining(words)],
    ]);
    files.plant(path, good);
    await trust.read(before);
    expect(trust.findings()).toEqual([]);
  });

  it('of one file does not wait for the other: a new authority counts though the lists are garbage', async () => {
    const { files, trust } = setUp();
    const before = await trust.read();
    files.plant(clientCaPath, fixture('root.crt') + fixture('stranger.crt'));
    files.plant(crlPath, 'garbage');
    const after = await trust.read(before);
    expect([after.authorities.length, after.lists]).toEqual([2, before.lists]);
  });

  it('leaves what was when the file cannot be read at all', async () => {
    const { files, trust } = setUp();
    const before = await trust.read();
    files.failNext('readHostText', new AgentError('unavailable', 'cannot read a file'));
    expect((await trust.read(before)).authorities).toBe(before.authorities);
  });
});
