// The description of the dialect: what its tables of rows do not say.

import { plugNetworkSchema, plugVipSchema } from '../../core/plug-request-schema';
import type { SurfaceApi } from '../../http/operation';
import { amphoraOperations } from './operations/amphora';
import { refusalAnswer } from './operations/answers';
import { certificateOperations } from './operations/certificates';
import { listenerOperations } from './operations/listeners';
import { plugOperations } from './operations/plug';
import { schemas } from './operations/schemas';
import { topologyRequestSchema, vrrpOperations } from './operations/vrrp';

const description = `The original amphora API: each listener is a load balancer of its own, with its own haproxy processes.

- Bodies are JSON, \`{"message": …}\` or \`{"message": …, "details": …}\`, unless a row says otherwise.
- Other dialects are served beside it: unknown paths outside \`/v0.1\` get the body of 1.0. Below it they get 404
  \`{"message":"Not Found","details":"No such path: /v0.1/nothing"}\`; another method on a known path gets 405
  \`{"message":"Method Not Allowed","details":"POST is not allowed here"}\` with \`Allow\`.
- A trailing slash does not matter. Letter case of the path does. \`HEAD\` works where \`GET\` does.
- Configurations and PEM are taken with any content type, or none, up to 16 MiB and 4 MiB. Uploads share the memory for bodies;
  one that comes slowly while others wait for it gets 503 \`Upload too slow\`.
- Calls for one listener are carried out one after the other, calls for different listeners side by side. Requests that
  are pipelined on one connection are answered one after the other.
- An answer may say \`Connection: close\`: a 401, what is answered before the body has come, and all when connections run short.
  With \`client_auth_failure = handshake\` a bad certificate ends the connection instead of getting a 401.
- Two readers could take it for different requests: 400 \`{"message":"Bad Request","details":"Host: expected once"}\`. It is no HTTP:
  the same without details. Too slow, or headers too long: 408 \`{"message":"Request Timeout"}\`, 431
  \`{"message":"Request Header Fields Too Large"}\`. After all these the connection is closed.
- 409 also tells of files that cannot be trusted, 503, 504 and 507 of a machine in trouble.`;

export const octaviaV01Api: SurfaceApi = {
  name: 'octavia-v0.1',
  title: 'v0.1',
  description,
  tags: {
    'The amphora': 'Who it is, how it is, and its own certificate.',
    Listeners:
      'A listener and its haproxy: upload a configuration, start it, look at it, change it, take it away.',
    'Certificates of a listener':
      'Files under `base_cert_dir/<listener>/`, mode 0600, that the configuration of the listener may name.',
    Ports: 'Interfaces that a controller has attached, brought into the namespace of the amphora.',
    'VRRP and topology': 'The two ways to a pair of amphorae with one VIP.',
  },
  operations: {
    ...amphoraOperations,
    ...listenerOperations,
    ...certificateOperations,
    ...plugOperations,
    ...vrrpOperations,
  },
  commonAnswers: {
    400: refusalAnswer('The request is not what it must be.', {
      message: 'Invalid request',
      details: 'listener: expected a UUID, got "nonsense"',
    }),
    401: refusalAnswer('No client certificate, or none that is accepted; the connection is closed.', {
      message: 'Unauthorized',
      details: 'no client certificate was presented',
    }),
    500: refusalAnswer('A bug, or a broken machine; the log has the cause.', {
      message: 'Internal Server Error',
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
    V01TopologyRequest: topologyRequestSchema,
    PlugVip: plugVipSchema,
    PlugNetwork: plugNetworkSchema,
  },
};
