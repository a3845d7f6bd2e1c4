// What the cases of one dialect are about: ids that nothing else on the amphora can have, names, ports, certificates.

import { createPrivateKey, randomInt, randomUUID } from 'node:crypto';
import { issueCa, issueServer, type Issued } from '../pki/issue';
import type { Frontend } from './texts';

export interface Place {
  readonly amphoraId: string;
  /** The agent's `base_path` and `base_cert_dir`. */
  readonly basePath: string;
  readonly certDirectory: string;
  /** Of the load balancers; empty when they have none. */
  readonly namespace: string;
  /** The MAC address of a spare port that may be plugged; undefined when there is none. */
  readonly sparePort: string | undefined;
}

/** Certificates as controllers upload them. The keys are of no value: they are thrown away with the run. */
export interface Pems {
  readonly web: string;
  /** The same names, another key. */
  readonly renewed: string;
  readonly authority: string;
  readonly withoutKey: string;
  readonly keyOfAnother: string;
  readonly encryptedKey: string;
}

export interface Scene {
  readonly place: Place;
  /** Load balancers (v0.1: listeners); `nobody` is never made, and `odd` is no id that an agent should take. */
  readonly ids: Readonly<
    Record<'one' | 'two' | 'tls' | 'fresh' | 'nobody' | 'udp' | 'nonsense' | 'odd', string>
  >;
  readonly certificateNames: readonly string[];
  readonly frontends: Readonly<Record<'http' | 'tcp' | 'tls', Frontend>>;
  readonly pems: Pems;
  /** An address of no network (RFC 5737), and the MAC address of no port. */
  readonly strangeIp: string;
  readonly strangeMac: string;
  /** The name that the spare port has on the amphora, once it is plugged. */
  readonly pluggedName: string;
  /** What the operator gave for a rotation of the server certificate, and for the agent's own configuration. */
  readonly serverBundle: string;
  readonly agentConfig: string;
}

export const commonName = 'conform.example';
const noPems: Pems = {
  web: '',
  renewed: '',
  authority: '',
  withoutKey: '',
  keyOfAnother: '',
  encryptedKey: '',
};

// Below the ports that Linux gives to clients by itself (ip_local_port_range begins at 32768), above most services.
const [firstPort, endPort] = [20_000, 32_000];

/** Makes a scene with ids of its own. */
export function makeScene(
  place: Place,
  given: { readonly serverBundle: string; readonly agentConfig: string },
): Scene {
  const [listener, pool, member] = [randomUUID, randomUUID, randomUUID];
  const frontend = (mode: Frontend['mode']): Frontend => ({
    listener: listener(),
    pool: pool(),
    member: member(),
    mode,
    port: randomInt(firstPort, endPort),
  });
  return withFreshPorts({
    place,
    ...given,
    ids: {
      one: randomUUID(),
      two: randomUUID(),
      tls: randomUUID(),
      fresh: randomUUID(),
      nobody: randomUUID(),
      udp: randomUUID(),
      nonsense: randomUUID(),
      odd: `.conform-${randomUUID()}`,
    },
    certificateNames: [`${commonName}.pem`, 'ca.pem', 'list.pem', 'odd.pem', 'web.pem.bak'],
    frontends: { http: frontend('http'), tcp: frontend('tcp'), tls: frontend('http') },
    pems: noPems,
    pluggedName: 'eth2',
    strangeIp: `192.0.2.${randomInt(1, 255)}`,
    strangeMac: `02:${Array.from({ length: 5 }, () => randomInt(256).toString(16).padStart(2, '0')).join(':')}`,
  });
}

/** The same scene on other ports. */
export function withFreshPorts(scene: Scene): Scene {
  const { http, tcp, tls } = scene.frontends;
  const first = randomInt(firstPort, endPort - 3);
  return {
    ...scene,
    frontends: {
      http: { ...http, port: first },
      tcp: { ...tcp, port: first + 1 },
      tls: { ...tls, port: first + 2 },
    },
  };
}

/** Issues the certificates that cases upload. */
export async function makePems(nowMs: number): Promise<Pems> {
  const validity = { now: nowMs, days: 1 };
  const ca = await issueCa({ commonName: 'conformance CA', ...validity });
  const issue = (): Promise<Issued> => issueServer(ca, { amphoraId: commonName, ...validity });
  const [web, renewed] = await Promise.all([issue(), issue()]);
  const encrypted = createPrivateKey(web.keyPem).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: randomUUID(),
  });
  return {
    web: web.bundlePem,
    renewed: renewed.bundlePem,
    authority: ca.certificatePem,
    withoutKey: web.certificatePem,
    keyOfAnother: renewed.keyPem + web.certificatePem,
    encryptedKey: `${encrypted.toString()}${web.certificatePem}`,
  };
}
