// The REST listener as part of an agent: what of the configuration it is made of, and where it in fact listens.

import type { Config } from '../config/options';
import type { AgentServer, ServerOptions } from '../http/server';
import type { Part } from './lifecycle';
import type { HostWithLog } from './wire-host';

const answerGraceMs = 1_000;

/** Makes the part that listens, and gives those who are being answered a second at the end. */
export function restPart(
  server: AgentServer,
): Part & { readonly bound: () => { readonly address: string; readonly port: number } } {
  let bound = { address: '', port: 0 };
  return {
    name: 'REST listener',
    stopMs: answerGraceMs + 500,
    start: async () => {
      bound = await server.listen();
    },
    stop: () => server.stop(answerGraceMs),
    bound: () => bound,
  };
}

/** Picks what the server is made of. */
export async function serverOptions(
  { haproxy_amphora, amphora_agent, amphorad }: Config,
  host: HostWithLog,
): Promise<
  Omit<ServerOptions, 'material' | 'listener' | 'connections' | 'log' | 'clock' | 'admits' | 'qualifies'>
> {
  return {
    host: await bindHost(haproxy_amphora.bind_host, host),
    port: haproxy_amphora.bind_port,
    minVersion: amphora_agent.agent_tls_protocol,
    clientAuthFailure: amphorad.client_auth_failure,
    requestTimeoutMs: amphora_agent.agent_request_read_timeout * 1_000,
  };
}

/** On a kernel without IPv6, `::` cannot be bound and means all of IPv4. */
async function bindHost(wanted: string, { files, log }: HostWithLog): Promise<string> {
  if (wanted !== '::' || (await files.readHostText('/proc/net/if_inet6')) !== undefined) return wanted;
  log.warning('this kernel has no IPv6: listening on 0.0.0.0 instead of ::');
  return '0.0.0.0';
}
