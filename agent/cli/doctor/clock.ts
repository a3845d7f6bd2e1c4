// Whether the time is right: certificates are valid between two times. Whoever disciplines the clock is asked; where
// nobody does, nothing is known but that it is not before what is on disk. Sources: timedatectl(1), chronyc(1) "tracking".

import type { Finding } from '../../model/finding';
import { found, printedBy, type Check, type Patient } from './check';

export const clockChecks: readonly Check[] = [{ name: 'clock', look: clock, remark }];

// What a write may be ahead of a clock that is being set.
const toleranceMs = 60_000;

type Discipline = 'synchronised' | 'loose' | 'unknown';

async function clock(patient: Patient): Promise<readonly Finding[]> {
  const path = patient.config.haproxy_amphora.base_path;
  const newest = (await patient.host.files.stat(path))?.mtimeMs ?? 0;
  if (newest > patient.host.clock.now() + toleranceMs) {
    return [
      found('clock', 'error', {
        what: `The clock says ${new Date(patient.host.clock.now()).toISOString()}, and ${path} was changed at ${new Date(newest).toISOString()}`,
        why: 'Certificates count as not yet valid: nobody can connect, and heartbeats may be taken for old ones.',
        todo: 'Set the clock, and have chrony or systemd-timesyncd keep it.',
      }),
    ];
  }
  if ((await disciplineOf(patient)) !== 'loose') return [];
  return [
    found('clock', 'warning', {
      what: 'The clock is not synchronised',
      why: 'It drifts: certificates that are valid elsewhere are refused here sooner or later.',
      todo: 'See that chrony or systemd-timesyncd runs and reaches a time server.',
    }),
  ];
}

async function remark(patient: Patient): Promise<string | undefined> {
  return (await disciplineOf(patient)) === 'unknown'
    ? 'nobody here tells whether it is synchronised'
    : undefined;
}

async function disciplineOf(patient: Patient): Promise<Discipline> {
  const systemd = await printedBy(patient, ['timedatectl', 'show', '-p', 'NTPSynchronized', '--value']);
  if (systemd === 'yes') return 'synchronised';
  const [leap = ''] = ((await printedBy(patient, ['chronyc', '-c', 'tracking'])) ?? '').split(',').slice(-1);
  if (leap === 'Not synchronised') return 'loose';
  if (leap !== '') return 'synchronised';
  return systemd === 'no' ? 'loose' : 'unknown';
}
