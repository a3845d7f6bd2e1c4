// The units that are looked at in the guest.
import { loadBalancer } from './traffic-steps.mjs';

export const agent = 'amphora-agent.service';
export const haproxy = `amphorad-haproxy-${loadBalancer}.service`;

/** The process of a unit; '0' when it has none. */
export const mainPid = (machine, unit) => machine.shell.run(`systemctl show -P MainPID ${unit}`);
