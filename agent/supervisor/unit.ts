// One service as a transient systemd unit: its name and its properties, as arguments of systemd-run(1). Transient,
// because a unit file would need a daemon-reload, which rereads every unit of the machine, for each load balancer.
// Sources: systemd.exec(5), systemd.kill(5), systemd.service(5).

import { confinementProperties, namespaceProperties } from './confinement';
import type { ServiceSpec } from './service';

// haproxy takes its soft limit up to this. Not infinity: an haproxy without maxconn sizes its tables by it.
const mostDescriptors = 1_048_576;

/** The unit of a service. */
export function unitName(spec: ServiceSpec): string {
  return `amphorad-${spec.name}.service`;
}

/** The command that starts a service as a unit of its own, in the network namespace of this name ('' for the host's). */
export function startUnit(spec: ServiceSpec, namespace: string): readonly string[] {
  return [
    'systemd-run',
    '--no-ask-password',
    // Also a unit that failed goes away by itself: its name is free for the next start.
    '--collect',
    `--unit=${unitName(spec)}`,
    '--slice=amphorad.slice',
    `--description=${spec.name} of amphorad`,
    '--setenv=LC_ALL=C',
    '--setenv=TZ=UTC',
    ...unitProperties(spec, namespace).map((property) => `--property=${property}`),
    '--',
    ...[...(namespace === '' ? spec.through : []), ...spec.argv].map(escaped),
  ];
}

/** The properties of its unit, one assignment each. */
export function unitProperties(spec: ServiceSpec, namespace: string): readonly string[] {
  return [
    // systemd-run then answers when the program was executed, or says why not. `notify` would tell less than the
    // agent finds out itself: that the worker serves.
    'Type=exec',
    'Restart=no',
    // TERM to the master, which ends its workers; what is left of the group when it is gone is killed.
    'KillMode=mixed',
    'TimeoutStopSec=10',
    // A master that was asked to end exits with 143.
    'SuccessExitStatus=143',
    // A worker that the kernel killed for its memory is the master's business.
    'OOMPolicy=continue',
    `LimitNOFILE=${mostDescriptors}`,
    'UMask=0077',
    `StandardOutput=append:${spec.logPath}`,
    `StandardError=append:${spec.logPath}`,
    // At shutdown in reverse order: haproxy ends while there still is a network.
    'After=network.target',
    ...namespaceProperties(namespace),
    ...(spec.confinement === undefined ? [] : confinementProperties(spec.confinement, spec.argv)),
  ];
}

// In a command line systemd puts variables in for $ words (systemd.service(5), "Command lines").
function escaped(word: string): string {
  return word.replaceAll('$', '$$$$');
}
