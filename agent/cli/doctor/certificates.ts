// The agent's own certificate, the CA of its clients and their revocation lists: there, right, and for how long.
// Source: contract/amphora-v0.1.md "Server certificate rotation", DESIGN "Server identity and connections".

import { AgentError, messageOf } from '../../model/errors';
import type { Finding, Severity } from '../../model/finding';
import { checkServerBundle, readBundle } from '../../pki/bundle';
import { readCaBundle } from '../../pki/ca';
import { found, type Check, type Patient } from './check';

const dayMs = 86_400_000;
const warnDays = 30;

export const certificateChecks: readonly Check[] = [
  { name: 'server-certificate', look: serverCertificate },
  { name: 'client-ca', look: clientCa },
  { name: 'client-crl', look: clientCrl },
];

async function serverCertificate({ config, host }: Patient): Promise<readonly Finding[]> {
  const path = config.amphora_agent.agent_server_cert;
  const fault = (severity: Severity, what: string): Finding =>
    found('server-certificate', severity, {
      what,
      why: 'Controllers verify it: without a good one the agent does not start, or they do not talk to it.',
      todo: 'Have the controller rotate it (PUT /v0.1/certificate), or put a new bundle there and send SIGHUP.',
    });
  try {
    const text = await host.files.readHostText(path);
    if (text === undefined) return [fault('error', `There is no file ${path} (agent_server_cert)`)];
    const bundle = readBundle(text);
    checkServerBundle(bundle, host.clock.now());
    const days = daysLeft(bundle.certificate.validTo, host.clock.now());
    return days < warnDays ? [fault('warning', `The certificate in ${path} ends in ${days} days`)] : [];
  } catch (thrown) {
    return [fault('error', `${path} (agent_server_cert): ${wordsOf(thrown)}`)];
  }
}

async function clientCa({ config, host }: Patient): Promise<readonly Finding[]> {
  const path = config.amphora_agent.agent_server_ca;
  const fault = (severity: Severity, what: string): Finding =>
    found('client-ca', severity, {
      what,
      why: 'Every client certificate has to chain to it: without a good one nobody may call.',
      todo: 'Put the new CA into the file beside the old one, and send SIGHUP to the agent.',
    });
  try {
    const text = await host.files.readHostText(path);
    if (text === undefined) return [fault('error', `There is no file ${path} (agent_server_ca)`)];
    const days = readCaBundle(text).map(({ validTo }) => daysLeft(validTo, host.clock.now()));
    const longest = Math.max(...days);
    if (longest < 0) return [fault('error', `Every CA in ${path} has ended`)];
    return longest < warnDays ? [fault('warning', `The last CA in ${path} ends in ${longest} days`)] : [];
  } catch (thrown) {
    return [fault('error', `${path} (agent_server_ca): ${wordsOf(thrown)}`)];
  }
}

/** Presence and form only; a running agent tells about its dates. */
async function clientCrl({ config, host }: Patient): Promise<readonly Finding[]> {
  const path = config.amphorad.client_crl;
  if (path === undefined) return [];
  const fault = (what: string): Finding =>
    found('client-crl', 'error', {
      what,
      why: 'Without its revocation list the agent lets nobody in.',
      todo: 'Fetch the list of each CA anew, in PEM, into that file, and send SIGHUP.',
    });
  try {
    const text = await host.files.readHostText(path);
    if (text === undefined) return [fault(`There is no file ${path} (client_crl)`)];
    return text.includes('-----BEGIN X509 CRL-----') ? [] : [fault(`${path} (client_crl) holds no PEM list`)];
  } catch (thrown) {
    return [fault(`${path} (client_crl): ${wordsOf(thrown)}`)];
  }
}

function daysLeft(validTo: string, now: number): number {
  return Math.floor((Date.parse(validTo) - now) / dayMs);
}

function wordsOf(thrown: unknown): string {
  const detail = thrown instanceof AgentError ? thrown.detail : undefined;
  return detail === undefined ? messageOf(thrown) : `${messageOf(thrown)}: ${detail}`;
}
