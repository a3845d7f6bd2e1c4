// What haproxy and keepalived were built with, against what controllers' configurations use: `haproxy -vv`, "Feature
// list" (since 2.2; "OPTIONS" before), and `keepalived -v`, "Config options". QUIC is not needed.

import { isAgentError } from '../../model/errors';
import type { Finding, Severity } from '../../model/finding';
import { found, type Check, type Patient } from './check';
import { hasUdpListeners, isHalfOfPair } from './keepalived-use';

export const programChecks: readonly Check[] = [
  { name: 'haproxy-build', look: haproxyBuild },
  { name: 'keepalived-build', look: keepalivedBuild },
];

interface Feature {
  readonly name: string;
  readonly severity: Severity;
  readonly why: string;
}

const ofHaproxy: readonly Feature[] = [
  { name: 'OPENSSL', severity: 'error', why: 'TLS listeners and pools are refused by haproxy -c.' },
  { name: 'THREAD', severity: 'warning', why: 'It uses one core, whatever the amphora has.' },
  { name: 'PROMEX', severity: 'warning', why: 'Listeners of protocol PROMETHEUS are refused by haproxy -c.' },
];
const ofKeepalived: readonly Feature[] = [
  { name: 'VRRP', severity: 'error', why: 'It cannot be half of a pair.' },
  {
    name: 'VRRP_AUTH',
    severity: 'error',
    why: 'Configurations of controllers name a password: both halves would be MASTER.',
  },
  { name: 'LVS', severity: 'error', why: 'UDP and SCTP listeners do not start.' },
  {
    name: 'JSON',
    severity: 'warning',
    why: 'It cannot tell its state as JSON to whoever looks into a pair.',
  },
];

async function haproxyBuild({ config, host }: Patient): Promise<readonly Finding[]> {
  const said = await printed(host, [config.haproxy_amphora.haproxy_cmd, '-vv']);
  const list = /^Feature list\s*:\s*(.*)$/m.exec(said)?.[1];
  const options = /^\s*OPTIONS\s*=\s*(.*)$/m.exec(said)?.[1];
  const has = (name: string): boolean =>
    list === undefined
      ? new RegExp(`\\bUSE_${name}=(?!0)`).test(options ?? '')
      : list.split(/\s+/).includes(`+${name}`);
  // What does not answer at all is the finding of another check.
  if (list === undefined && options === undefined) return [];
  return lacking('haproxy-build', 'haproxy', ofHaproxy, has);
}

/** Only where something needs it. */
async function keepalivedBuild(patient: Patient): Promise<readonly Finding[]> {
  if (!(await hasUdpListeners(patient)) && !(await isHalfOfPair(patient))) return [];
  const options = /^Config options:\s*(.*)$/m.exec(await printed(patient.host, ['keepalived', '-v']))?.[1];
  if (options === undefined) return [];
  const words = new Set(options.split(/\s+/));
  return lacking('keepalived-build', 'keepalived', ofKeepalived, (name) => words.has(name));
}

function lacking(
  check: string,
  program: string,
  features: readonly Feature[],
  has: (name: string) => boolean,
): readonly Finding[] {
  return features
    .filter(({ name }) => !has(name))
    .map(({ name, severity, why }) =>
      found(check, severity, {
        what: `${program} was built without ${name}`,
        why,
        todo: `Install the ${program} of the distribution, or one that was built with it.`,
      }),
    );
}

async function printed({ runner }: Patient['host'], argv: readonly string[]): Promise<string> {
  try {
    const { stdout, stderr } = await runner.run(argv, { timeoutMs: 5_000 });
    return `${stdout}\n${stderr}`;
  } catch (thrown) {
    if (isAgentError(thrown)) return '';
    throw thrown;
  }
}
