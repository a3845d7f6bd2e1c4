// The agent's own certificate, the CA of its clients and their revocation lists: there, right, and for how long.
// Source: contract/amphora-v0.1.md "Server certificate rotation", DESIGN "Server identity and connections".

import { join } from 'node:path';
import { isCertificateName } from '../../model/certificate';
import { AgentError, messageOf } from '../../model/errors';
import type { Finding, Severity } from '../../model/finding';
import { isLoadBalancerId } from '../../model/ids';
import { checkServerBundle, readBundle } from '../../pki/bundle';
import { readCaBundle } from '../../pki/ca';
import { readRevocationLists, type RevocationList } from '../../pki/crl';
import { found, type Check, type Patient } from './check';

const dayMs = 86_400_000;
const warnDays = 30;
const mostNamed = 20;

export const certificateChecks: readonly Check[] = [
  { name: 'server-certificate', look: serverCertificate },
  { name: 'client-ca', look: clientCa },
  { name: 'client-crl', look: clientCrl },
  { name: 'listener-certificates', look: listenerCertificates },
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

/** A running agent tells about the dates of what it has in force; without one they are read here. */
async function clientCrl({ config, host, agent }: Patient): Promise<readonly Finding[]> {
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
    if (!text.includes('-----BEGIN X509 CRL-----')) return [fault(`${path} (client_crl) holds no PEM list`)];
    const ended = agent === undefined ? readRevocationLists(text).filter(isOver(host.clock.now())) : [];
    return ended.map(({ issuerText, nextUpdateMs }) =>
      fault(`The list of ${issuerText} in ${path} ended at ${new Date(nextUpdateMs).toISOString()}`),
    );
  } catch (thrown) {
    return [fault(`${path} (client_crl): ${wordsOf(thrown)}`)];
  }
}

function isOver(nowMs: number): (list: RevocationList) => boolean {
  return ({ nextUpdateMs }) => nextUpdateMs < nowMs;
}

/** Of tenants: their controller renews them; one that has ended is theirs to hear of. */
async function listenerCertificates({ config, host }: Patient): Promise<readonly Finding[]> {
  const root = config.haproxy_amphora.base_cert_dir;
  const all: Finding[] = [];
  for (const id of (await directoryNames(host.files, root)).filter(isLoadBalancerId)) {
    for (const name of (await directoryNames(host.files, join(root, id))).filter(isCertificateName)) {
      const path = join(root, id, name);
      const pem = await host.files.readText(path);
      const days = pem === undefined ? undefined : daysOf(pem, host.clock.now());
      if (days === undefined || days >= 0) continue;
      all.push(
        found('listener-certificates', 'warning', {
          what: `The certificate ${path} ended ${-days} days ago`,
          why: 'Clients of that listener refuse it.',
          todo: 'Have its tenant renew it; the controller then uploads it.',
        }),
      );
    }
  }
  return all.slice(0, mostNamed);
}

async function directoryNames(files: Patient['host']['files'], path: string): Promise<readonly string[]> {
  return (await files.stat(path))?.kind === 'directory' ? files.list(path) : [];
}

/** Undefined for what is no bundle with a certificate of its own: CA files, lists, crt-lists. */
function daysOf(pem: string, now: number): number | undefined {
  try {
    return daysLeft(readBundle(pem).certificate.validTo, now);
  } catch (thrown) {
    if (thrown instanceof AgentError) return undefined;
    throw thrown;
  }
}

function daysLeft(validTo: string, now: number): number {
  return Math.floor((Date.parse(validTo) - now) / dayMs);
}

function wordsOf(thrown: unknown): string {
  const detail = thrown instanceof AgentError ? thrown.detail : undefined;
  return detail === undefined ? messageOf(thrown) : `${messageOf(thrown)}: ${detail}`;
}
