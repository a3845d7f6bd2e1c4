// Certificate files of load balancers, over the whole core on a machine of fakes: what is stored, refused and left.

import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { AgentError } from '../../../agent/model/errors';
import { parseCertificateName } from '../../../agent/model/certificate';
import { issueCa, issueServer, type Issued } from '../../../agent/pki/issue';
import {
  amphoraId,
  createScriptedAmphora,
  firstId as id,
  secondId,
  type ScriptedAmphora,
} from '../../fakes/scripted-amphora';
import { pkiFixture as fixture } from '../../fixtures/pki/fixture';

const ec = fixture('ec.key') + fixture('ec.crt') + fixture('intermediate.crt');
const name = parseCertificateName('www.example.com.pem');
const other = parseCertificateName('other.pem');
const directory = `/var/lib/octavia/certs/${id}`;
const path = `${directory}/${name}`;
const inspected = { inspect: true };
const unseen = { inspect: false };
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
const put = (amphora: ScriptedAmphora, pem: string, which = name, options = inspected) =>
  amphora.core().certificates.put(id, which, Buffer.from(pem), options);
const upload = (amphora: ScriptedAmphora) =>
  amphora.core().loadBalancers.upload({
    id,
    text: 'listen a\n bind 10.0.0.5:80\n',
    peer: amphoraId,
    owner: 'octavia-v0.1',
  });
const certificatesOf = ({ files }: ScriptedAmphora): readonly string[] =>
  Object.keys(files.snapshot()).filter((each) => each.startsWith('/var/lib/octavia/certs/'));
const noCertificate = { kind: 'not-found', subject: { what: 'certificate', id: name } };
const noLoadBalancer = { kind: 'not-found', subject: { what: 'load balancer', id } };

let rsa: Issued;

beforeAll(async () => {
  const validity = { now: Date.UTC(2026, 0, 15), days: 30 };
  rsa = await issueServer(await issueCa({ commonName: 'CA', ...validity }), { amphoraId: 'x', ...validity });
});

describe('a certificate that is put', () => {
  it('is kept as sent, privately, before its load balancer exists', async () => {
    const amphora = await createScriptedAmphora();
    expect(await put(amphora, ec)).toEqual({ md5: md5(ec) });
    expect(amphora.files.snapshot()[path]).toBe(ec);
    expect((await amphora.files.stat(path))?.mode).toBe(0o600);
    expect((await amphora.files.stat(directory))?.mode).toBe(0o700);
    expect(await amphora.core().certificates.md5(id, name)).toBe(md5(ec));
    expect(await amphora.core().loadBalancers.ids()).toEqual([]);
  });

  it('replaces one of its name', async () => {
    const amphora = await createScriptedAmphora();
    await put(amphora, ec);
    await put(amphora, rsa.bundlePem);
    expect(amphora.files.snapshot()[path]).toBe(rsa.bundlePem);
    expect(certificatesOf(amphora)).toEqual([path]);
  });

  it.each([
    ['RSA', () => rsa.bundlePem],
    ['the certificate before the key', () => rsa.certificatePem + rsa.keyPem],
    [
      'the key between certificate and chain',
      () => fixture('ec.crt') + fixture('ec.key') + fixture('root.crt'),
    ],
    ['the key after the chain', () => fixture('ec.crt') + fixture('intermediate.crt') + fixture('ec.key')],
    ['a PKCS#8 EC key', () => fixture('ec-pkcs8.key') + fixture('ec.crt')],
    ['an expired certificate: the controller decides', () => fixture('ec.key') + fixture('ec-expired.crt')],
  ])('may hold %s', async (_what, pem) => {
    const amphora = await createScriptedAmphora();
    expect(await put(amphora, pem())).toEqual({ md5: md5(pem()) });
  });

  it.each([
    ['nothing', '', 'No certificate found', /PEM block of kind CERTIFICATE/],
    ['a key alone', fixture('ec.key'), 'No certificate found', /PEM block/],
    ['a certificate alone', fixture('ec.crt'), 'No RSA key found', /unencrypted RSA or EC/],
    [
      'an encrypted key',
      fixture('ec-encrypted-pkcs8.key') + fixture('ec.crt'),
      'No RSA key found',
      /is encrypted/,
    ],
    [
      'two keys',
      fixture('ec.key') + fixture('ed25519.key') + fixture('ec.crt'),
      'Certificate and key do not match',
      /expected one private key, got more: 2/,
    ],
    [
      'a foreign key',
      fixture('ed25519.key') + fixture('ec.crt'),
      'Certificate and key do not match',
      /no certificate in the bundle/,
    ],
    [
      'the chain before the certificate, which haproxy would refuse',
      fixture('ec.key') + fixture('intermediate.crt') + fixture('ec.crt'),
      'Certificate and key do not match',
      /^the first certificate is not that of the private key/,
    ],
  ])('is refused with %s, and nothing is left of it', async (_what, pem, message, detail) => {
    const amphora = await createScriptedAmphora();
    await expect(put(amphora, pem)).rejects.toMatchObject({
      kind: 'invalid-input',
      message,
      detail: expect.stringMatching(detail),
    });
    expect(await amphora.files.stat(directory)).toBeUndefined();
  });

  it('is taken unseen where contents are the dialect’s own matter', async () => {
    const amphora = await createScriptedAmphora();
    const list = '/var/lib/octavia/certs/x/a.pem\n';
    expect(await put(amphora, list, name, unseen)).toEqual({ md5: md5(list) });
  });

  it('and does not fit on the disk leaves what was there', async () => {
    const amphora = await createScriptedAmphora();
    const full = new AgentError('no-space', 'No space left on the disk');
    amphora.files.failNext('writeAtomic', full);
    await expect(put(amphora, ec)).rejects.toBe(full);
    expect(await amphora.files.stat(directory)).toBeUndefined();
    await put(amphora, ec);
    amphora.files.failNext('writeAtomic', full);
    await expect(put(amphora, rsa.bundlePem)).rejects.toBe(full);
    expect(amphora.files.snapshot()[path]).toBe(ec);
  });

  it('clears away the temporary files of a write that a crash cut short', async () => {
    const amphora = await createScriptedAmphora();
    amphora.files.plant(`${directory}/.${name}.0123456789ab.tmp`, 'half a key');
    await put(amphora, ec);
    expect(certificatesOf(amphora)).toEqual([path]);
  });

  it('takes back a removal that failed half-way, so that the next start does not finish it', async () => {
    const amphora = await createScriptedAmphora();
    await upload(amphora);
    amphora.files.failNext('remove', new AgentError('unavailable', 'Cannot remove a file'), /\/certs\//);
    await expect(amphora.core().loadBalancers.remove(id)).rejects.toMatchObject({ kind: 'unavailable' });
    await put(amphora, ec);
    await amphora.restartAgent();
    expect(certificatesOf(amphora)).toEqual([path]);
  });
});

describe('limits of one load balancer', () => {
  it('the 4,097th file is refused, replacing one of 4,096 is not, and another load balancer has its own', async () => {
    const amphora = await createScriptedAmphora();
    await put(amphora, ec);
    for (let n = 1; n < 4_096; n += 1) amphora.files.plant(`${directory}/${n}.pem`, 'x');
    await expect(put(amphora, ec, other)).rejects.toMatchObject({
      kind: 'precondition',
      message: 'Too many certificates',
      detail: 'a load balancer may have at most 4096 files',
    });
    await put(amphora, rsa.bundlePem);
    await amphora.core().certificates.put(secondId, other, Buffer.from(ec), inspected);
    expect(certificatesOf(amphora)).toHaveLength(4_097);
  });

  it('64 MiB are taken, one byte more is not', async () => {
    const amphora = await createScriptedAmphora();
    amphora.files.plant(`${directory}/big.pem`, Buffer.alloc(64 * 1024 * 1024 - 3));
    await expect(put(amphora, 'four', name, unseen)).rejects.toMatchObject({
      kind: 'precondition',
      detail: 'a load balancer may have at most 64 MiB together',
    });
    await put(amphora, '123', name, unseen);
    await expect(put(amphora, 'four', name, unseen)).rejects.toMatchObject({ kind: 'precondition' });
    expect(amphora.files.snapshot()[path]).toBe('123');
  });
});

describe('a certificate that is asked for or removed', () => {
  it.each([
    ['its load balancer does not exist', () => Promise.resolve(), noLoadBalancer],
    ['its load balancer has none', upload, noCertificate],
    ['its load balancer has others', (amphora: ScriptedAmphora) => put(amphora, ec, other), noCertificate],
  ])(
    'is not found when %s',
    async (_what, prepare: (amphora: ScriptedAmphora) => Promise<unknown>, error) => {
      const amphora = await createScriptedAmphora();
      await prepare(amphora);
      await expect(amphora.core().certificates.md5(id, name)).rejects.toMatchObject(error);
      await expect(amphora.core().certificates.remove(id, name)).rejects.toMatchObject(error);
    },
  );

  it('goes alone while there are others, and takes the directory along when it is the last', async () => {
    const amphora = await createScriptedAmphora();
    const { certificates } = amphora.core();
    await put(amphora, ec);
    await put(amphora, ec, other);
    await certificates.remove(id, name);
    expect(certificatesOf(amphora)).toEqual([`${directory}/${other}`]);
    await expect(certificates.md5(id, name)).rejects.toMatchObject(noCertificate);
    await certificates.remove(id, other);
    expect(await amphora.files.stat(directory)).toBeUndefined();
    await expect(certificates.md5(id, other)).rejects.toMatchObject(noLoadBalancer);
  });

  it('goes with its load balancer', async () => {
    const amphora = await createScriptedAmphora();
    await upload(amphora);
    await put(amphora, ec);
    await amphora.core().loadBalancers.remove(id);
    expect(await amphora.files.stat(directory)).toBeUndefined();
  });

  it('waits for the changes of its load balancer that came first', async () => {
    const amphora = await createScriptedAmphora();
    const { certificates, loadBalancers } = amphora.core();
    await upload(amphora);
    await put(amphora, ec);
    const settled = await Promise.allSettled([
      loadBalancers.remove(id),
      put(amphora, rsa.bundlePem),
      certificates.remove(id, name),
      put(amphora, ec, other),
    ]);
    expect(settled.map(({ status }) => status)).toEqual(Array(4).fill('fulfilled'));
    expect(certificatesOf(amphora)).toEqual([`${directory}/${other}`]);
  });
});

describe('planted links', () => {
  const elsewhere = '/etc/secret.pem';
  const withLink = async (at: string, target: string): Promise<ScriptedAmphora> => {
    const amphora = await createScriptedAmphora();
    amphora.files.plant(elsewhere, ec);
    amphora.files.plantLink(at, target);
    return amphora;
  };

  it('at a certificate’s path are neither served nor followed', async () => {
    const amphora = await withLink(path, elsewhere);
    const { certificates } = amphora.core();
    await expect(certificates.md5(id, name)).rejects.toMatchObject(noCertificate);
    await expect(certificates.remove(id, name)).rejects.toMatchObject(noCertificate);
    await put(amphora, rsa.bundlePem);
    expect((await amphora.files.stat(path))?.kind).toBe('file');
    expect(amphora.files.snapshot()[elsewhere]).toBe(ec);
  });

  it('are no certificates: with the last real one they go, unfollowed', async () => {
    const amphora = await withLink(`${directory}/${other}`, elsewhere);
    await put(amphora, ec);
    await amphora.core().certificates.remove(id, name);
    expect(await amphora.files.stat(directory)).toBeUndefined();
    expect(amphora.files.snapshot()[elsewhere]).toBe(ec);
  });

  it('in the directory’s place are refused', async () => {
    const amphora = await withLink(directory, '/etc');
    const refusal = {
      kind: 'precondition',
      message: 'The certificate directory is not a directory',
      detail: `${directory} is a link`,
    };
    const secret = parseCertificateName('secret.pem');
    await expect(put(amphora, rsa.bundlePem, secret)).rejects.toMatchObject(refusal);
    await expect(amphora.core().certificates.md5(id, secret)).rejects.toMatchObject(refusal);
    await expect(amphora.core().certificates.remove(id, secret)).rejects.toMatchObject(refusal);
    expect(amphora.files.snapshot()[elsewhere]).toBe(ec);
  });
});

describe('a file name', () => {
  it.each(['a.pem', 'WILDCARD.example.com.pem', '-_9.pem', 'a..pem', `${'x'.repeat(251)}.pem`])(
    'may be %s',
    (text) => expect(parseCertificateName(text)).toBe(text),
  );

  it.each([
    ...['', '.pem', 'a', 'a.crt', 'a.PEM', '.a.pem', '..pem', '../a.pem', 'a/b.pem', '*.pem', 'a b.pem'],
    ...['a.pem\n', 'a\0.pem', 'ä.pem', `${'x'.repeat(252)}.pem`],
  ])('may not be %j', (text) =>
    expect(() => parseCertificateName(text)).toThrow('Filename has wrong format'),
  );
});
