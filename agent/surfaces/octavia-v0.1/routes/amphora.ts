// The amphora itself: info, details, topology, interfaces, its own certificate.

import type { Details } from '../../../core/details';
import type { ServerCertificate } from '../../../core/server-certificate';
import type { TopologyReader } from '../../../core/topology';
import { json } from '../../../http/reply';
import type { Route } from '../../../http/route';
import { invalidInput, notFound } from '../../../model/errors';
import { quote } from '../../../model/ids';
import { parseIp } from '../../../model/ip';
import { detailsBody, infoBody, topologyBody } from '../wire';

export interface AmphoraRoutesDeps {
  readonly details: Details;
  readonly topology: TopologyReader;
  readonly serverCertificate: ServerCertificate;
  /** The name of the interface that carries an address, in the amphora's namespace. */
  readonly interfaceOf: (ip: string) => Promise<string | undefined>;
}

/** Lists the rows. */
export function amphoraRoutes(deps: AmphoraRoutesDeps): readonly Route[] {
  const info = async () => json(200, infoBody(await deps.details.info()));
  const rotate: Route['handle'] = async ({ body }) => {
    await deps.serverCertificate.rotate(body);
    return json(202, { message: 'OK' });
  };
  return [
    { method: 'GET', path: '/info', body: 'none', handle: info },
    { method: 'GET', path: '/v0.1/info', body: 'none', handle: info },
    {
      method: 'GET',
      path: '/v0.1/details',
      body: 'none',
      handle: async () => json(200, detailsBody(await deps.details.details(), await deps.topology.state())),
    },
    {
      method: 'GET',
      path: '/v0.1/topology',
      body: 'none',
      handle: async () => json(200, topologyBody(await deps.details.info(), await deps.topology.state())),
    },
    {
      method: 'GET',
      path: '/v0.1/interface/:ip',
      body: 'none',
      handle: async ({ params }) => {
        const ip = parseIp(params['ip'] ?? '');
        if (ip === undefined) {
          throw invalidInput(
            'Bad IP address version',
            `expected an IP address, got ${quote(params['ip'] ?? '')}`,
          );
        }
        const name = await deps.interfaceOf(ip.text);
        if (name === undefined) throw notFound('interface', ip.text);
        return json(200, { message: 'OK', interface: name });
      },
    },
    { method: 'PUT', path: '/v0.1/certificate', body: 'pem', handle: rotate },
    { method: 'PUT', path: '/v0.1/certificates', body: 'pem', handle: rotate },
  ];
}
