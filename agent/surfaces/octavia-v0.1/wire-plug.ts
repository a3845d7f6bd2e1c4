// v0.1's words for what was plugged, and for what could not be. Pure.
// Source: contract/amphora-v0.1.md "Plug VIP", "Plug network".

import type { PlugOutcome } from '../../core/plug';
import { AgentError } from '../../model/errors';

/** The `details` of a VIP that was plugged. */
export function plugVipDetails({ name, port, warnings }: PlugOutcome): string {
  return [`VIP ${port.vips[0]?.ip.text ?? ''} plugged on interface ${name}`, ...warnings].join('; ');
}

/** The `details` of a network that was plugged. */
export function plugNetworkDetails({ name, warnings }: PlugOutcome): string {
  return [`Plugged interface ${name}`, ...warnings].join('; ');
}

const words: Readonly<Record<string, string>> = {
  'Invalid port information': 'Invalid subnet information',
  'Invalid network port': 'Invalid subnet information',
  'Invalid VRRP Address': 'Invalid subnet information',
  'Error plugging network': 'Error plugging Port',
};

/** An error of the core in v0.1's words, which are fewer. */
export function plugFailure(error: AgentError): AgentError {
  const { kind, message, detail, subject } = error;
  const said = words[message];
  if (said === undefined) return error;
  return new AgentError(kind, said, {
    cause: error,
    ...(detail === undefined ? {} : { detail }),
    ...(subject === undefined ? {} : { subject }),
  });
}
