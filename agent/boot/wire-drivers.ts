// Builds the trades over a host: how this machine's haproxy, process manager and network are spoken to.

import { join } from 'node:path';
import type { Config } from '../config/options';
import { createConfigCheck, type ConfigCheck } from '../haproxy/check';
import type { PolicyContext } from '../haproxy/config/policy-fault';
import type { OverlayOptions } from '../haproxy/overlay';
import { haproxyPaths, type HaproxyRoots } from '../haproxy/paths';
import type { InheritedGroups } from '../haproxy/inherited';
import { createInheritedProcess, type AnyHaproxyProcess } from '../haproxy/inherited-process';
import { createHaproxyProcess } from '../haproxy/process';
import type { Files } from '../host/files';
import type { LoadBalancerId } from '../model/ids';
import { createLimiter } from '../model/limiter';
import type { Templates } from '../model/template';
import { createAddresses } from '../network/addresses';
import { createCanBind } from '../network/can-bind';
import { createIpCommand, type IpCommand } from '../network/ip';
import { createListListening, type ListListening } from '../network/listening';
import { createDirectSupervisor } from '../supervisor/direct';
import { createFormerUnits, type FormerUnits } from '../supervisor/former-units';
import { createLiveness, type Liveness } from '../supervisor/liveness';
import type { Supervisor } from '../supervisor/service';
import { createSystemdSupervisor } from '../supervisor/systemd';
import type { HostWithLog } from './wire-host';

export interface Drivers {
  readonly roots: HaproxyRoots;
  readonly templates: Templates;
  /** '' for the host's own. */
  readonly namespace: string;
  readonly binary: string;
  /** `ip netns exec <ns>` as argv, empty for the host's own. */
  readonly through: readonly string[];
  readonly supervisor: Supervisor;
  readonly haproxy: AnyHaproxyProcess;
  readonly formerUnits: FormerUnits;
  readonly liveness: Liveness;
  readonly check: ConfigCheck;
  readonly ip: IpCommand;
  readonly listListening: ListListening;
  readonly canBind: (address: string) => Promise<boolean>;
  /** Read at each change: log sockets come and go. */
  readonly overlayOptions: () => Promise<OverlayOptions>;
  /** What the policy lets a load balancer's configuration name outside its own directories. */
  readonly policyContext: (id: LoadBalancerId) => PolicyContext;
}

// Octavia's account for haproxy, on every distribution that has Octavia images.
const unprivilegedAccount = { user: 'nobody', group: 'nogroup' };
// Octavia's templates name it so, whatever base_path is.
const octaviaPingHelper = '/var/lib/octavia/ping-wrapper.sh';
const checksAtOnce = 2;
const caBundles = ['/etc/ssl/certs/ca-certificates.crt'];
const logSockets = ['/run/rsyslog/octavia/log', '/dev/log'];

/** What the trades stand on, beside the host as the core sees it. */
export interface DriversHost extends HostWithLog {
  /** Files without the core's distrust: units are root's. */
  readonly systemFiles: Files;
  readonly inherited: InheritedGroups;
}

/** Builds the trades from a checked configuration; `inForce` gives what of it changes while the agent runs. The sockets are those that groups of ours have. */
export function wireDrivers(
  config: Config,
  host: DriversHost,
  inForce: () => Config,
  templates: Templates,
): Drivers {
  const { runner, clock, sockets, files, inherited } = host;
  const { base_path: basePath, base_cert_dir: certDir, haproxy_cmd: binary } = config.haproxy_amphora;
  const roots: HaproxyRoots = { basePath, certDir, runtimeDir: config.amphorad.runtime_dir };
  const namespace = config.amphorad.network_namespace ?? '';
  const through = namespace === '' ? [] : ['ip', 'netns', 'exec', namespace];
  const liveness = createLiveness(runner);
  const pingHelper = { named: octaviaPingHelper, installed: join(basePath, 'ping-wrapper.sh') };
  const isSystemd = config.amphorad.process_manager === 'systemd';
  const supervisor = isSystemd
    ? createSystemdSupervisor({ ...host, namespace })
    : liveness.over(createDirectSupervisor(host));
  const formerUnits = createFormerUnits({ ...host, files: host.systemFiles });
  const own = { supervisor, files, clock, binary };
  return {
    roots,
    templates,
    namespace,
    binary,
    through,
    supervisor,
    liveness,
    haproxy: createInheritedProcess({
      ...own,
      log: host.log,
      runner,
      formerUnits,
      inherited,
      directSockets: sockets,
      group: accountOf(config).group,
      haproxy: createHaproxyProcess({ ...own, sockets, through }),
    }),
    formerUnits,
    check: createConfigCheck(runner, [...through, binary], createLimiter(checksAtOnce)),
    ip: createIpCommand(runner, namespace),
    listListening: createListListening(runner, namespace),
    canBind: createCanBind({
      files,
      addresses: createAddresses(createIpCommand(runner, namespace)),
      namespace,
    }),
    overlayOptions: overlayOptionsFrom(config, host, { inForce, pingHelper, templates }),
    policyContext: (id) => ({
      ...roots,
      mode: config.amphorad.config_policy,
      id,
      statsSocket: haproxyPaths(roots, id).statsSocket,
      logSockets,
      caBundles,
      pingHelpers: [pingHelper.named, pingHelper.installed],
    }),
  };
}

interface OverlayGround {
  readonly inForce: () => Config;
  readonly pingHelper: OverlayOptions['pingHelper'];
  readonly templates: Templates;
}

function overlayOptionsFrom(config: Config, host: HostWithLog, given: OverlayGround) {
  const { inForce, pingHelper, templates } = given;
  const runAs = host.system.userId() === 0 ? accountOf(config) : undefined;
  return async (): Promise<OverlayOptions> => ({
    runAs,
    logSockets: await existingSockets(host),
    userLogFacility: inForce().haproxy_amphora.user_log_facility,
    administrativeLogFacility: inForce().haproxy_amphora.administrative_log_facility,
    hardStopAfter: config.amphorad.hard_stop_after,
    pingHelper,
    template: templates['haproxy-overlay.cfg'],
  });
}

function accountOf(config: Config): { readonly user: string; readonly group: string } {
  return { ...unprivilegedAccount, group: config.haproxy_amphora.user_group ?? unprivilegedAccount.group };
}

async function existingSockets({ files }: HostWithLog): Promise<readonly string[]> {
  const found: string[] = [];
  for (const path of logSockets) {
    const kind = (await files.stat(path))?.kind;
    // Under systemd /dev/log is a link to the journal's socket.
    if (kind === 'socket' || kind === 'link') found.push(path);
  }
  return found;
}
