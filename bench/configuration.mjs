// Configurations in the shape in which Octavia's controller writes them, for one load balancer. The text is that of both
// agents; only the directory that it names is the agent's own.
import { loopback } from '../scripts/demo/loopback.mjs';

const discardPort = 9;

/** Members that nobody reaches. */
export const idleMembers = (count) =>
  Array.from({ length: count }, (_, index) => ({ name: `member-${index}`, port: discardPort }));

/** A text; `listeners` are {id, port}, all with the one pool; members {name, port, weight, isDisabled}. */
export function configurationOf(
  basePath,
  id,
  { listeners, members, algorithm = 'roundrobin', hasCookie = false, isChecked = false },
) {
  const fronts = listeners.map(
    ({ id: listener, port }) => `frontend ${listener}
    maxconn 1000
    bind ${loopback}:${port}
    mode http
    default_backend pool-of:${id}
    timeout client 50000
`,
  );
  const servers = members.map(
    ({ name, port, weight = 1, isDisabled = false }) =>
      `    server ${name} ${loopback}:${port} weight ${weight}${isChecked ? ' check inter 5s fall 3 rise 2' : ''}${hasCookie ? ` cookie ${name}` : ''}${isDisabled ? ' disabled' : ''}`,
  );
  const user = process.geteuid() === 0 ? '    user nobody\n' : '';
  return `# Configuration for loadbalancer ${id}
global
    daemon
${user}    stats socket ${basePath}/${id}.sock mode 0666 level user
    server-state-file ${basePath}/${id}/servers-state
    maxconn 2000

defaults
    retries 3
    option redispatch
    option http-keep-alive

${fronts.join('\n')}
backend pool-of:${id}
    mode http
    balance ${algorithm}
${hasCookie ? '    cookie SRV insert indirect nocache\n' : ''}    fullconn 1000
    option allbackups
    timeout connect 5000
    timeout server 50000
${servers.join('\n')}
`;
}
