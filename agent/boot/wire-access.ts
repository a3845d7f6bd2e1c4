// Builds who may call: trust read from files, the judge over it, and the server's own certificate, which goes into
// service together with that trust.

import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Config } from '../config/options';
import { certificateDates, type CertificateDates } from '../core/certificate-dates';
import { createClientAccess } from '../core/client-access';
import type { NameLists } from '../core/client-names';
import { createClientTrustFiles, type ClientTrust } from '../core/client-trust';
import { createRevocationWatch, revocationFindings } from '../core/revocation-watch';
import {
  createServerCertificate,
  type ServerCertificate,
  type ServerIdentity,
} from '../core/server-certificate';
import { createIdentify, type Identify } from '../http/identity';
import type { AgentServer } from '../http/server';
import type { FindProblems } from '../model/finding';
import type { HostWithLog } from './wire-host';

/** The options of a configuration that name clients. */
export type NameOptions = Pick<Config['amphorad'], 'allowed_client_names' | 'read_only_client_names'>;

export interface Access {
  /** Its `load` puts the trust into force. */
  readonly serverCertificate: ServerCertificate;
  /** Judges the peer of a request. */
  readonly identify: Identify['request'];
  /** Tells whether the client of a connection may call now. */
  readonly qualifies: (socket: Duplex) => boolean;
  /** Tells whether a new connection may go on, and logs one that may not: it gets no answer. */
  readonly admits: (socket: Duplex) => boolean;
  /** Puts the lists of names of a configuration into force, for open connections too. */
  useNames(options: NameOptions): void;
  readonly findings: FindProblems;
  /** Until when what is in force is good; undefined before `load`. */
  readonly dates: () => CertificateDates | undefined;
  /** Logs in time that revocation lists run out, until aborted. */
  watch(signal: AbortSignal): void;
}

/** Builds who may call, for a server that comes into being later. */
export function wireAccess(config: Config, host: HostWithLog, server: () => AgentServer): Access {
  const access = createClientAccess(host.clock, namesOf(config.amphorad));
  const trustFiles = createClientTrustFiles({
    ...host,
    clientCaPath: config.amphora_agent.agent_server_ca,
    crlPath: config.amphorad.client_crl,
  });
  let trust: ClientTrust | undefined;
  let until: CertificateDates | undefined;
  const dates = () => (trust === undefined ? [] : revocationFindings(trust, host.clock.now()));
  const watch = createRevocationWatch(host, dates);
  const identify = createIdentify(access);
  function useTrust(identity: ServerIdentity): void {
    trust = identity.clientTrust;
    until = certificateDates(identity);
    access.trust(trust);
  }
  const serverCertificate = createServerCertificate({
    ...host,
    serverPath: config.amphora_agent.agent_server_cert,
    readTrust: (before) => trustFiles.read(before),
    swap: (identity) => {
      server().swap(identity);
      useTrust(identity);
      server().recheck();
      watch.remind();
    },
  });
  return {
    serverCertificate: {
      ...serverCertificate,
      load: async () => {
        const identity = await serverCertificate.load();
        useTrust(identity);
        return identity;
      },
    },
    identify: (request) => identify.request(request),
    qualifies: (socket) => identify.connection(socket).verified,
    admits: (socket) => {
      if (config.amphorad.client_auth_failure === 'http') return true;
      const who = identify.connection(socket);
      if (!who.verified) host.log.info('connection refused', { peer: peerOf(socket), reason: who.reason });
      return who.verified;
    },
    useNames: (options) => {
      access.name(namesOf(options));
      server().recheck();
    },
    dates: () => until,
    findings: () => Promise.resolve([...trustFiles.findings(), ...dates()]),
    watch: (signal) => watch.start(signal),
  };
}

function peerOf(socket: Duplex): string {
  return socket instanceof Socket ? (socket.remoteAddress ?? '-') : '-';
}

function namesOf({ allowed_client_names, read_only_client_names }: NameOptions): NameLists {
  return { allowed: allowed_client_names, readOnly: read_only_client_names };
}
