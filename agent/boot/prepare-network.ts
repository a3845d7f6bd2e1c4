// `amphorad network prepare`: the network namespace and its settings, and nothing else. A unit runs it before the agent,
// in the mount namespace of PID 1, because the agent's own would keep the namespace's name to itself. It is needed
// whatever a controller has written: of the configuration it reads the name alone.

import { readOneOption } from '../config/one-option';
import type { ConfigSources } from '../config/sources';
import { isAgentError } from '../model/errors';
import { createNetwork } from '../network/plug';
import { builtInTemplates } from './built-in-templates';
import { logTo } from './command-log';
import type { Output } from './serve';
import type { Host } from './wire-host';

/** Makes the namespace unless it is there. Status 0: it is, or none is configured; 1: it cannot be made. */
export async function runNetworkPrepare(sources: ConfigSources, host: Host, output: Output): Promise<number> {
  const namespace = await readOneOption(sources, host.files, 'amphorad', 'network_namespace');
  if (typeof namespace !== 'string') {
    output.out('no network namespace is configured\n');
    return 0;
  }
  try {
    const ownPid = host.system.processId();
    await createNetwork({
      ...host,
      log: logTo(output),
      namespace,
      ownPid,
      templates: builtInTemplates,
    }).ensureNamespace();
  } catch (thrown) {
    if (!isAgentError(thrown)) throw thrown;
    output.err(`error: ${thrown.message}${thrown.detail === undefined ? '' : `: ${thrown.detail}`}\n`);
    return 1;
  }
  output.out(`the network namespace ${namespace} is ready\n`);
  return 0;
}
