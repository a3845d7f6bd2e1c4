// The certificates of listeners. v0.1 looks at what it is given: key, certificate and chain in one PEM text.

import type { Certificates } from '../../../core/certificates';
import { json } from '../../../http/reply';
import type { Route, RouteRequest } from '../../../http/route';
import { parseCertificateName, type CertificateName } from '../../../model/certificate';
import { parseListenerUuid, type LoadBalancerId } from '../../../model/ids';

export interface CertificateRoutesDeps {
  readonly certificates: Certificates;
}

const path = '/v0.1/listeners/:listener/certificates/:name';

/** Lists the rows. They come before `/v0.1/listeners/:amphora_id/:listener/haproxy`, which has the same shape. */
export function certificateRoutes({ certificates }: CertificateRoutesDeps): readonly Route[] {
  return [
    {
      method: 'PUT',
      path,
      body: 'pem',
      handle: async ({ params, body }) => {
        await certificates.put(...fileOf(params), body, { inspect: true });
        return json(201, { message: 'OK' });
      },
    },
    {
      method: 'GET',
      path,
      body: 'none',
      handle: async ({ params }) => json(200, { md5sum: await certificates.md5(...fileOf(params)) }),
    },
    {
      method: 'DELETE',
      path,
      body: 'none',
      handle: async ({ params }) => {
        await certificates.remove(...fileOf(params));
        return json(200, { message: 'OK' });
      },
    },
  ];
}

function fileOf(params: RouteRequest['params']): readonly [LoadBalancerId, CertificateName] {
  return [parseListenerUuid(params['listener'] ?? ''), parseCertificateName(params['name'] ?? '')];
}
