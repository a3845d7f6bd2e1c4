// The description of the dialect: what its tables of rows do not say.

import { interfaceRulesSchema, plugNetworkSchema, plugVipSchema } from '../../core/plug-request-schema';
import type { SurfaceApi } from '../../http/operation';
import { amphoraOperations } from './operations/amphora';
import { refusalAnswer } from './operations/answers';
import { certificateOperations } from './operations/certificates';
import { listenerOperations } from './operations/listeners';
import { loadBalancerOperations } from './operations/load-balancers';
import { plugOperations } from './operations/plug';
import { schemas } from './operations/schemas';
import { vrrpOperations } from './operations/vrrp';

const description = `What an OpenStack Octavia controller (Stein and later) calls: one haproxy process group for each load balancer, with
many listeners in it.

- Answers are compact JSON, \`application/json\` without a charset, unless a row says otherwise. \`HEAD\` works where \`GET\` does,
  \`OPTIONS\` is 200 with \`Allow\` and no body.
- \`//\` at the very beginning of a path is \`/\`. No other slash too many or too few is forgiven: 404. Query strings are ignored.
- Configurations and certificates are taken with any content type, or none, up to 16 MiB and 4 MiB.
- An id that is written to is 1 to 64 letters, digits, \`_\`, \`.\` and \`-\`, no dot first, and not the name of something else in
  \`base_path\` (\`certs\`, \`vrrp\`, \`agent\`, \`x.sock\`, \`haproxy.cfg\` …): else 400. Ids that are only asked for may be any text: what is
  not there is 404. Letter case counts.
- A load balancer belongs to the dialect that uploaded it first; uploads and deletions by the other are 409. Every dialect may
  read, start, reload and stop every one.
- Errors are \`{"message": …, "details": …}\`; those of paths and methods, and 500 without a reason to give, are in the words of the
  framework that Octavia's own agent stands on: 404 \`{"error":"404 Not Found: The requested URL …","http_code":404}\`, 405
  \`{"error":"405 Method Not Allowed: …","http_code":405}\` with \`Allow: OPTIONS, GET, HEAD\`.
- Controllers take any status but 400, 401, 403, 404, 405, 409, 500 and 503 for success. So a body above its limit is 400 here
  and not 413, and a full disk or a deadline 500 and not 507 or 504.`;

export const octaviaV10Api: SurfaceApi = {
  name: 'octavia-v1.0',
  title: '1.0',
  description,
  tags: {
    'The amphora': 'Who it is, how it is, its own certificate and configuration.',
    'Load balancers': 'Upload a configuration, start it, change it, take it away.',
    Certificates: 'The files that the configuration of a load balancer may name.',
    'UDP listeners':
      'UDP and SCTP listeners, which keepalived and the kernel serve. They are started, stopped and deleted under the paths of load balancers.',
    'Ports and rules': 'Interfaces that a controller has attached, and who may come in by them.',
    VRRP: 'keepalived, which moves the VIP between two amphorae.',
  },
  operations: {
    ...amphoraOperations,
    ...loadBalancerOperations,
    ...listenerOperations,
    ...certificateOperations,
    ...plugOperations,
    ...vrrpOperations,
  },
  commonAnswers: {
    400: refusalAnswer('The request is not what it must be.', {
      message: 'Bad Request',
      details: 'Host: expected once',
    }),
    401: refusalAnswer('No client certificate, or none that is accepted; the connection is closed.', {
      message: 'Unauthorized',
      details: 'no client certificate was presented',
    }),
    500: refusalAnswer('A bug, or a broken machine; the log has the cause.', {
      error:
        '500 Internal Server Error: The server encountered an internal error and was unable to complete your request. Either the server is overloaded or there is an error in the application.',
      http_code: 500,
    }),
  },
  changeAnswers: {
    403: refusalAnswer('The client may only read.', {
      message: 'Forbidden',
      details: 'this client certificate may only read (GET, HEAD)',
    }),
    503: refusalAnswer('A transition of the topology is going on, or the upload is too slow.', {
      message: 'Topology transition in progress',
    }),
  },
  schemas: {
    ...schemas,
    PlugVip: plugVipSchema,
    PlugNetwork: plugNetworkSchema,
    InterfaceRules: interfaceRulesSchema,
  },
};
