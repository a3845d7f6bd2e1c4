// The certificate files of load balancers. 1.0 does not look at what it is given: the same call brings bundles, CA
// files, revocation lists and crt-lists.

import type { Certificates } from '../../../core/certificates';
import { etagOf } from '../../../http/digest';
import { json } from '../../../http/reply';
import type { Route } from '../../../http/route';
import { parseCertificateName } from '../../../model/certificate';
import { isAgentError, notFound } from '../../../model/errors';
import { isLoadBalancerId, parseLoadBalancerId } from '../../../model/ids';

export interface CertificateRoutesDeps {
  readonly certificates: Certificates;
}

const path = '/1.0/loadbalancer/:lb/certificates/:name';

/** Lists the rows. They come before `/1.0/loadbalancer/:amphora/:lb/haproxy`, which has the same shape. */
export function certificateRoutes({ certificates }: CertificateRoutesDeps): readonly Route[] {
  return [
    {
      method: 'PUT',
      path,
      body: 'pem',
      handle: async ({ params, body }) => {
        const name = parseCertificateName(params['name'] ?? '');
        const id = parseLoadBalancerId(params['lb'] ?? '');
        await certificates.put(id, name, body, { inspect: false });
        return json(200, { message: 'OK' }, etagOf(body));
      },
    },
    {
      method: 'GET',
      path,
      body: 'none',
      handle: async ({ params }) => {
        const name = parseCertificateName(params['name'] ?? '');
        const id = params['lb'] ?? '';
        const md5 = isLoadBalancerId(id) ? await ifThere(() => certificates.md5(id, name)) : undefined;
        if (md5 === undefined) throw notFound('certificate', name);
        return json(200, { md5sum: md5 }, { ETag: md5 });
      },
    },
    {
      method: 'DELETE',
      path,
      body: 'none',
      handle: async ({ params }) => {
        const name = parseCertificateName(params['name'] ?? '');
        const id = params['lb'] ?? '';
        if (isLoadBalancerId(id)) await ifThere(() => certificates.remove(id, name));
        return json(200, { message: 'OK' });
      },
    },
  ];
}

/** Undefined where there is no such file, or no such load balancer. */
async function ifThere<T>(job: () => Promise<T>): Promise<T | undefined> {
  try {
    return await job();
  } catch (thrown) {
    if (isAgentError(thrown, 'not-found')) return undefined;
    throw thrown;
  }
}
