// The certificate files that a configuration names, tried without an agent: its own certificate, and whom it is to trust.

import type { Config } from '../config/options';
import { createClientTrustFiles, type ClientTrust } from '../core/client-trust';
import { createServerCertificate } from '../core/server-certificate';
import type { Host } from './wire-host';

/** Reads and checks them. Throws `invalid-input` naming option and file, `unavailable` for a file that cannot be read. */
export async function tryMaterial({ amphora_agent, amphorad }: Config, host: Host): Promise<ClientTrust> {
  const log = { debug: ignore, info: ignore, warning: ignore, error: ignore };
  const trust = createClientTrustFiles({
    ...host,
    log,
    clientCaPath: amphora_agent.agent_server_ca,
    crlPath: amphorad.client_crl,
  });
  const certificate = createServerCertificate({
    ...host,
    log,
    serverPath: amphora_agent.agent_server_cert,
    readTrust: () => trust.read(),
    swap: ignore,
  });
  return (await certificate.load()).clientTrust;
}

function ignore(): void {
  // A trial logs nothing and swaps nothing.
}
