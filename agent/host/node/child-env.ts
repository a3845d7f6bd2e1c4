// What of the agent's environment other programs get. Options of ours (they can hold keys) stay here, and a
// daemon never gets the service manager's channels: haproxy -Ws would say READY and STOPPING in the agent's
// name to NOTIFY_SOCKET (sd_notify(3)).

export type Environment = Readonly<Record<string, string | undefined>>;

const safePath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const serviceManagerNames = new Set([
  'NOTIFY_SOCKET',
  'WATCHDOG_PID',
  'WATCHDOG_USEC',
  'LISTEN_PID',
  'LISTEN_FDS',
  'LISTEN_FDNAMES',
]);

/** The environment of a program that is run to its end: a fixed PATH, C locale, UTC, none of AMPHORAD_*. */
export function childEnvironment(own: Environment): Record<string, string> {
  const kept = Object.entries(own).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith('AMPHORAD_'),
  );
  return { ...Object.fromEntries(kept), PATH: safePath, LC_ALL: 'C', TZ: 'UTC' };
}

/** The environment of a program that outlives us: as `childEnvironment`, without the service manager's channels. */
export function detachedEnvironment(own: Environment): Record<string, string> {
  const kept = Object.entries(childEnvironment(own)).filter(([name]) => !serviceManagerNames.has(name));
  return Object.fromEntries(kept);
}
