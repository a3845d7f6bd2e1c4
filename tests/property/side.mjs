// One of the two agents that are compared: a process of its own over mTLS, with its haproxies, as a controller uses it.
import { existsSync } from 'node:fs';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { prepareAmphorad } from '../../bench/servers.mjs';
import { createApi } from '../../scripts/demo/api.mjs';
import { loopback, waitUntil } from '../../scripts/demo/loopback.mjs';
import { haproxiesOf, isAlive } from '../chaos/processes.mjs';
import { expectedCertificates, filesOf } from './expected.mjs';
import { interpose } from './liar.mjs';
import { serialFor, serversOf, workerOf } from './observe.mjs';
import { render } from './render.mjs';

const startDeadlineMs = 30_000;
const endDeadlineMs = 10_000;

/** Starts an agent; `vip` is the address of its listeners, `apply` its way with changes. */
export async function startSide({ name, directory, certs, amphoraId, certificates, vip, apply, program }) {
  const own = join(directory, name);
  mkdirSync(own);
  const server = await prepareAmphorad(
    { directory: own, certs, amphoraId },
    { words: ['--ready-json'], local: `apply = ${apply}\n`, program },
  );
  let isReady = false;
  const child = server.start(join(own, 'agent.log'), (text) => {
    if (text.includes('"ready":true')) isReady = true;
  });
  const basePath = join(own, 'lib');
  const api = createApi({ address: loopback, port: server.port, certs });
  if (!(await waitUntil(() => isReady || child.ended() !== undefined, startDeadlineMs)) || !isReady)
    throw new Error(`${name} does not start: ${child.lastWords()}`);

  async function call(method, path, body) {
    const { status, text, headers } = await api.call(method, path, { body });
    if (status < 200 || status > 299)
      throw new Error(`${name}: ${method} ${path} answered ${status} ${text}`);
    return headers;
  }

  /** Gives the agent what a load balancer's configuration names, as far as it does not have it. */
  async function giveFiles(lb, loadBalancer) {
    const files = filesOf(loadBalancer, { certs: certificates, directory: lb.certs });
    for (const [file, content] of files) {
      if (lb.given.get(file) === content) continue;
      await call('PUT', `/1.0/loadbalancer/${lb.id}/certificates/${file}`, content);
      lb.given.set(file, content);
    }
  }

  return {
    name,
    vip,
    load: (id) => {
      const sockets = join(basePath, id);
      const place = { id, vip, basePath, certs: join(basePath, 'certs', id) };
      const lb = { ...place, given: new Map(), admin: join(sockets, 'admin.sock') };
      const loadBalancer = `/1.0/loadbalancer/${id}`;
      return {
        /** Uploads a configuration with its files. */
        async upload(wanted) {
          await giveFiles(lb, wanted);
          await call('PUT', `/1.0/loadbalancer/${amphoraId}/${id}/haproxy`, render(wanted, lb));
        },
        start: () => call('PUT', `${loadBalancer}/start`),
        /** Reloads; `lie` is what its haproxy says to have done without doing it. Tells how it was done, and what was not done. */
        async reload(lie) {
          const before = await workerOf(lb.admin);
          const liar = lie === undefined ? undefined : await interpose(join(sockets, 'master.sock'), lie);
          let headers;
          let swallowed = [];
          try {
            headers = await call('PUT', `${loadBalancer}/reload`);
          } finally {
            swallowed = (await liar?.leave()) ?? [];
          }
          const isReplaced = (await workerOf(lb.admin)) !== before;
          return { isReplaced, applied: headers['x-amphora-applied'], swallowed };
        },
        /** Looks at the servers and certificates of its haproxy. */
        async look(wanted) {
          const handshakes = expectedCertificates(wanted);
          const serials = await Promise.all(
            handshakes.map(async ({ port, name: of }) => [`${port} ${of}`, await serialFor(vip, port, of)]),
          );
          return { servers: await serversOf(lb.admin), serials: new Map(serials) };
        },
        async remove() {
          if (existsSync(join(basePath, id))) await call('DELETE', `/1.0/listeners/${id}`);
        },
      };
    },
    lastWords: () => child.lastWords(),
    async end() {
      api.close();
      await child.end(endDeadlineMs);
      const left = haproxiesOf(basePath);
      for (const { pid } of left) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch (thrown) {
          if (thrown.code !== 'ESRCH') throw thrown;
        }
      }
      await waitUntil(() => !left.some((one) => isAlive(one, basePath)), endDeadlineMs);
    },
  };
}
