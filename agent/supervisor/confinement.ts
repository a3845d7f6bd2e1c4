// What a process manager that can confine a service lets it do, as systemd's properties. Who starts a program says what
// it needs; all else is closed the same way for all of them. Source: systemd.exec(5), "Sandboxing".
//
// INVARIANT: nothing here changes how a process is known again: no pid namespace, no other user, no other arguments.

export interface Confinement {
  /** Directories that it writes below; the rest of the file system is read-only to it. */
  readonly writes: readonly string[];
  /** What it reads beside the files that its command line names. */
  readonly reads?: readonly string[];
  /** Capabilities that it and its children may ever have, without `CAP_`. */
  readonly capabilities: readonly string[];
  /** Kinds of sockets beside UNIX, INET, INET6 and NETLINK. */
  readonly families?: readonly string[];
  /** It looks at processes of others in /proc. */
  readonly seesProcesses?: true;
  /** It asks for real-time scheduling. */
  readonly isRealtime?: true;
  /** It changes settings of its network namespace in /proc/sys/net. */
  readonly setsNetwork?: true;
}

const always = [
  'NoNewPrivileges=yes',
  'ProtectSystem=strict',
  'PrivateDevices=yes',
  'ProtectKernelTunables=yes',
  'ProtectKernelModules=yes',
  'ProtectKernelLogs=yes',
  'ProtectControlGroups=yes',
  'ProtectClock=yes',
  'ProtectHostname=yes',
  'RestrictNamespaces=yes',
  'RestrictSUIDSGID=yes',
  'LockPersonality=yes',
  'SystemCallArchitectures=native',
  'SystemCallFilter=@system-service',
  // An error that the program reports, in place of its sudden death.
  'SystemCallErrorNumber=EPERM',
  // Not MemoryDenyWriteExecute: haproxy compiles regular expressions to machine code, and Node its programs.
];

const families = ['AF_UNIX', 'AF_INET', 'AF_INET6', 'AF_NETLINK'];

/** Renders it as properties of the unit that runs this command line. */
export function confinementProperties(confinement: Confinement, argv: readonly string[]): readonly string[] {
  const { writes, reads = [], capabilities, seesProcesses, isRealtime, setsNetwork } = confinement;
  const used = [...writes, ...reads, ...argv];
  const writable = [...writes, ...(setsNetwork === true ? ['/proc/sys/net'] : [])];
  return [
    ...always,
    `ReadWritePaths=${writable.join(' ')}`,
    // What lies below such a directory would be hidden from it.
    ...(isBelow(used, '/tmp', '/var/tmp') ? [] : ['PrivateTmp=yes']),
    ...(isBelow(used, '/home', '/root', '/run/user') ? [] : ['ProtectHome=yes']),
    `CapabilityBoundingSet=${capabilities.map((name) => `CAP_${name}`).join(' ')}`,
    `RestrictAddressFamilies=${[...families, ...(confinement.families ?? [])].join(' ')}`,
    ...(seesProcesses === true ? [] : ['ProtectProc=invisible']),
    ...(isRealtime === true ? [] : ['RestrictRealtime=yes']),
  ];
}

/** Joins the network namespace of this name, as `ip netns exec` does it: with the files that /etc/netns has for it. */
export function namespaceProperties(namespace: string): readonly string[] {
  if (namespace === '') return [];
  const own = (name: string): string => `-/etc/netns/${namespace}/${name}:/etc/${name}`;
  return [
    `NetworkNamespacePath=/run/netns/${namespace}`,
    `BindReadOnlyPaths=${['resolv.conf', 'hosts'].map(own).join(' ')}`,
  ];
}

function isBelow(paths: readonly string[], ...directories: readonly string[]): boolean {
  return paths.some((path) => directories.some((each) => path === each || path.startsWith(`${each}/`)));
}
