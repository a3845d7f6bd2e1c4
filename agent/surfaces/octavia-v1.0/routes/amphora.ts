// The amphora itself: version, info, details, interfaces, its own certificate and its configuration file.

import type { Details } from '../../../core/details';
import type { Listeners } from '../../../core/listeners';
import type { ServerCertificate } from '../../../core/server-certificate';
import { utf8Text } from '../../../http/body';
import { json } from '../../../http/reply';
import type { Route } from '../../../http/route';
import { invalidInput, isAgentError, notFound } from '../../../model/errors';
import { parseIp } from '../../../model/ip';
import { apiVersion, configFailure, detailsBody, infoBody } from '../wire';

export interface AmphoraRoutesDeps {
  readonly details: Details;
  readonly listeners: Listeners;
  readonly serverCertificate: ServerCertificate;
  /** The agent's own configuration file, replaced as a whole. Throws `invalid-input` for one that cannot be. */
  readonly agentConfig: { replace(text: string): Promise<void> };
  /** The name of the interface that carries an address, in the amphora's namespace. */
  readonly interfaceOf: (ip: string) => Promise<string | undefined>;
}

/** Lists the rows. */
export function amphoraRoutes(deps: AmphoraRoutesDeps): readonly Route[] {
  return [
    { method: 'GET', path: '/', body: 'none', handle: () => json(200, { api_version: apiVersion }) },
    {
      method: 'GET',
      path: '/1.0/info',
      body: 'none',
      handle: async () => json(200, infoBody(await deps.details.info())),
    },
    {
      method: 'GET',
      path: '/1.0/details',
      body: 'none',
      handle: async () => json(200, detailsBody(await deps.details.details(), await deps.listeners.count())),
    },
    {
      method: 'GET',
      path: '/1.0/interface/:ip',
      body: 'none',
      handle: async ({ params }) => {
        const ip = parseIp(params['ip'] ?? '');
        if (ip === undefined) throw invalidInput('Invalid IP address');
        const name = await deps.interfaceOf(ip.text);
        if (name === undefined) throw notFound('interface', ip.text);
        return json(200, { message: 'OK', interface: name });
      },
    },
    {
      method: 'PUT',
      path: '/1.0/certificate',
      body: 'pem',
      handle: async ({ body }) => {
        await deps.serverCertificate.rotate(body);
        return json(202, { message: 'OK' });
      },
    },
    { method: 'PUT', path: '/1.0/config', body: 'config', handle: ({ body }) => replaceConfig(deps, body) },
  ];
}

async function replaceConfig({ agentConfig }: AmphoraRoutesDeps, body: Buffer) {
  try {
    await agentConfig.replace(utf8Text(body, 'configuration'));
    return json(202, { message: 'OK' });
  } catch (thrown) {
    throw isAgentError(thrown) && thrown.kind !== 'internal' ? configFailure(thrown) : thrown;
  }
}
