import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { pkiPaths, runCerts } from '../../../agent/cli/certs';
import type { CertsArgs } from '../../../agent/cli/certs';
import { AgentError } from '../../../agent/model/errors';
import { readBundle } from '../../../agent/pki/bundle';
import { readCaBundle } from '../../../agent/pki/ca';
import { describeCertificate } from '../../../agent/pki/inspect';
import { createHandClock } from '../../fakes/hand-clock';
import { createMemoryFiles } from '../../fakes/memory-files';

const amphoraId = '6e1a3c52-58f0-4c5b-a9ee-7d0f3e1c2b4a';
const args: CertsArgs = { directory: '/pki', amphoraId, names: ['localhost', '::1'], days: 10, force: false };
const clock = createHandClock();
const paths = pkiPaths('/pki');
const allPaths = Object.values(paths) as string[];
const noSpace = (): AgentError => new AgentError('no-space', 'disk full');

describe('making a development PKI', () => {
  it('leaves six files that fit together, and nothing else', async () => {
    const files = createMemoryFiles({ '/': '' });
    expect(await runCerts(args, { files, clock })).toEqual(paths);
    const made = files.snapshot();
    expect(Object.keys(made).sort()).toEqual([...allPaths].sort());

    const [ca] = readCaBundle(made[paths.ca]!);
    const server = readBundle(made[paths.server]!);
    const client = readBundle(made[paths.client]!);
    expect(server.certificate.verify(ca!.publicKey)).toBe(true);
    expect(client.certificate.verify(ca!.publicKey)).toBe(true);
    expect(describeCertificate(server.certificate)).toMatchObject({
      commonName: amphoraId,
      dnsNames: [amphoraId, 'localhost'],
      ipAddresses: ['::1'],
      extendedKeyUsage: ['serverAuth'],
      notAfter: clock.now() + 10 * 86_400_000,
    });
    expect(describeCertificate(client.certificate).extendedKeyUsage).toEqual(['clientAuth']);
    expect(made[paths.client]).toBe(made[paths.clientKey]! + made[paths.clientCertificate]!);
    expect(readBundle(made[paths.caKey]! + made[paths.ca]!).certificate.subject).toBe(ca!.subject);
  });

  it('lets only its owner read keys', async () => {
    const files = createMemoryFiles();
    files.plant('/other', '');
    await runCerts(args, { files, clock });
    const modes = await Promise.all(
      ['/pki', ...allPaths].map(async (path) => (await files.stat(path))!.mode.toString(8)),
    );
    expect(modes).toEqual(['700', '644', '600', '600', '600', '600', '644']);
  });

  it('leaves the mode of a directory that was there', async () => {
    const files = createMemoryFiles({ '/pki/': '' });
    await runCerts(args, { files, clock });
    expect((await files.stat('/pki'))!.mode).toBe(0o755);
  });

  it.each(allPaths)('does not write over %s', async (path) => {
    const files = createMemoryFiles({ [path]: 'mine' });
    await expect(runCerts(args, { files, clock })).rejects.toMatchObject({ kind: 'already-exists' });
    expect(files.snapshot()).toEqual({ [path]: 'mine' });
  });

  it('writes over what is there when told to', async () => {
    const files = createMemoryFiles({ [paths.ca]: 'old', [paths.server]: 'old', '/pki/notes': 'mine' });
    await runCerts({ ...args, force: true }, { files, clock });
    const made = files.snapshot();
    expect(new X509Certificate(made[paths.ca]!).ca).toBe(true);
    expect(made['/pki/notes']).toBe('mine');
  });

  it('remakes what an earlier attempt left half-made, which has no ca.pem', async () => {
    const files = createMemoryFiles({ [paths.ca]: 'old' });
    files.failNext('writeAtomic', noSpace(), /ca\.key$/);
    await expect(runCerts({ ...args, force: true }, { files, clock })).rejects.toMatchObject({
      kind: 'no-space',
    });
    expect(files.snapshot()).toHaveProperty([paths.server]);
    expect(files.snapshot()).not.toHaveProperty([paths.ca]);
    await runCerts(args, { files, clock });
    expect(Object.keys(files.snapshot()).sort()).toEqual([...allPaths].sort());
  });

  it.each([
    ['id', { amphoraId: 'not-a-uuid' }],
    ['name', { names: ['a b'] }],
    ['number of days', { days: 0 }],
  ])('leaves no trace when the %s is wrong', async (_what, wrong) => {
    const files = createMemoryFiles();
    await expect(runCerts({ ...args, ...wrong }, { files, clock })).rejects.toMatchObject({
      kind: 'invalid-input',
    });
    expect(files.snapshot()).toEqual({});
    expect(await files.stat('/pki')).toBeUndefined();
  });
});
