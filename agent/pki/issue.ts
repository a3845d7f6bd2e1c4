// Issues RSA certificates for development and tests: a CA, an intermediate, a server, a client. Node cannot sign
// X.509, so node-forge does, loaded on first use; it sees only what we made. Keys come from OpenSSL's thread
// pool: made by forge they would hold the event loop for 120 ms and more. Profile: RFC 5280, 4.2.1.

import { createPrivateKey, generateKeyPair } from 'node:crypto';
import type { pki as forgePki } from 'node-forge';
import { invalidInput, unsupported } from '../model/errors';
import { forgeAltNames, randomSerial, validityDates } from './issue-fields';
import type { Validity } from './issue-fields';

type Forge = typeof import('node-forge');
type TagClass = NonNullable<forgePki.CertificateField['valueTagClass']>;

export type ExtendedUsage = 'serverAuth' | 'clientAuth' | 'codeSigning' | 'emailProtection' | 'timeStamping';

/** A certificate with its key. The key texts (unencrypted PKCS#8) are secret, and so is the bundle. */
export interface Issued {
  readonly keyPem: string;
  readonly certificatePem: string;
  /** Key, certificate and the intermediates above it, root left out: one PEM text. */
  readonly bundlePem: string;
}

export interface CertificateAuthority {
  readonly keyPem: string;
  readonly certificatePem: string;
  /** What its certificates are sent with: its own certificate and those above, root left out; empty for a root. */
  readonly chainPem: string;
}

export interface CaOptions extends Validity {
  readonly commonName: string;
  /** Makes an intermediate below this authority; without it a root. */
  readonly issuer?: CertificateAuthority;
}

export interface ServerOptions extends Validity {
  /** Common name, and the first alternative name: clients verify it instead of the address. */
  readonly amphoraId: string;
  /** Further DNS names and IP addresses. */
  readonly names?: readonly string[];
  /** Extended key usages; default `serverAuth`, an empty list leaves the extension out. */
  readonly usages?: readonly ExtendedUsage[];
}

export interface ClientOptions extends Validity {
  readonly commonName: string;
  readonly names?: readonly string[];
  /** Default `clientAuth`, an empty list leaves the extension out. */
  readonly usages?: readonly ExtendedUsage[];
}

interface Request {
  readonly commonName: string;
  readonly validity: Validity;
  readonly extensions: readonly object[];
  /** Undefined: signed with its own key. */
  readonly issuer: CertificateAuthority | undefined;
}

/** Issues a certificate authority. Throws `invalid-input`, or `unsupported` when its issuer's key is not RSA. */
export async function issueCa(options: CaOptions): Promise<CertificateAuthority> {
  const { commonName, issuer } = options;
  const { keyPem, certificatePem } = await issue({
    commonName,
    validity: options,
    issuer,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const chainPem = issuer === undefined ? '' : certificatePem + issuer.chainPem;
  return { keyPem, certificatePem, chainPem };
}

/** Issues an amphora's server certificate. Throws `invalid-input`, or `unsupported` when the authority's key is not RSA. */
export async function issueServer(ca: CertificateAuthority, options: ServerOptions): Promise<Issued> {
  const { amphoraId, names = [], usages = ['serverAuth'] } = options;
  return issue({
    commonName: amphoraId,
    validity: options,
    issuer: ca,
    extensions: leafExtensions([amphoraId, ...names], usages),
  });
}

/** Issues a client certificate, such as a controller's. Throws `invalid-input`, or `unsupported` when the authority's key is not RSA. */
export async function issueClient(ca: CertificateAuthority, options: ClientOptions): Promise<Issued> {
  return issueClientBy(ca, options);
}

/** Issues a client certificate that no authority vouches for. Throws `invalid-input`. */
export async function issueSelfSignedClient(options: ClientOptions): Promise<Issued> {
  return issueClientBy(undefined, options);
}

async function issueClientBy(
  issuer: CertificateAuthority | undefined,
  options: ClientOptions,
): Promise<Issued> {
  const { commonName, names = [], usages = ['clientAuth'] } = options;
  return issue({ commonName, validity: options, issuer, extensions: leafExtensions(names, usages) });
}

function leafExtensions(names: readonly string[], usages: readonly ExtendedUsage[]): readonly object[] {
  const extensions: object[] = [
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
  ];
  if (usages.length > 0) {
    extensions.push({ name: 'extKeyUsage', ...Object.fromEntries(usages.map((usage) => [usage, true])) });
  }
  if (names.length > 0) extensions.push({ name: 'subjectAltName', altNames: forgeAltNames(names) });
  return extensions;
}

async function issue(request: Request): Promise<Issued> {
  const { commonName, issuer } = request;
  if (commonName === '') throw invalidInput('Invalid name', 'commonName: expected a name, got an empty text');
  const { notBefore, notAfter } = validityDates(request.validity);
  if (issuer !== undefined && createPrivateKey(issuer.keyPem).asymmetricKeyType !== 'rsa') {
    throw unsupported('Issuing with a key that is not RSA');
  }
  const [{ default: forge }, keyPem] = await Promise.all([import('node-forge'), generateRsaKey()]);
  const key = forge.pki.privateKeyFromPem(keyPem);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.setRsaPublicKey(key.n, key.e);
  certificate.serialNumber = randomSerial();
  certificate.validity = { notBefore, notAfter };
  const subject = nameOf(forge, commonName);
  const above = issuer === undefined ? undefined : forge.pki.certificateFromPem(issuer.certificatePem);
  const authority = above ?? certificate;
  certificate.setSubject(subject);
  certificate.setIssuer(above === undefined ? subject : readable(forge, above.subject.attributes));
  certificate.setExtensions([
    ...request.extensions,
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: authority.generateSubjectKeyIdentifier().getBytes() },
  ]);
  const signingKey = issuer === undefined ? key : forge.pki.privateKeyFromPem(issuer.keyPem);
  certificate.sign(signingKey, forge.md.sha256.create());
  const certificatePem = unixLines(forge.pki.certificateToPem(certificate));
  return { keyPem, certificatePem, bundlePem: keyPem + certificatePem + (issuer?.chainPem ?? '') };
}

// Without a tag forge writes PrintableString, which has neither '*' nor '_' nor anything beyond ASCII.
function nameOf(forge: Forge, commonName: string): forgePki.CertificateField[] {
  return [{ name: 'commonName', value: commonName, valueTagClass: utf8Tag(forge) }];
}

// Forge encodes UTF-8 when it writes a name and does not decode it when it reads one.
function readable(
  forge: Forge,
  attributes: readonly forgePki.CertificateField[],
): forgePki.CertificateField[] {
  return attributes.map((attribute) =>
    attribute.valueTagClass === utf8Tag(forge) && typeof attribute.value === 'string'
      ? { ...attribute, value: forge.util.decodeUtf8(attribute.value) }
      : attribute,
  );
}

// Forge wants a type number in this field; @types/node-forge names the wrong enumeration for it.
function utf8Tag(forge: Forge): TagClass {
  const tag: unknown = forge.asn1.Type.UTF8;
  return tag as TagClass;
}

function unixLines(text: string): string {
  return text.replace(/\r\n/g, '\n');
}

function generateRsaKey(): Promise<string> {
  const encodings = {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  } as const;
  return new Promise((resolve, reject) => {
    generateKeyPair('rsa', encodings, (error, _publicKey, privateKey) => {
      if (error === null) resolve(privateKey);
      else reject(error);
    });
  });
}
