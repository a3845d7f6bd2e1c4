// What a haproxy must be with a configuration, told from what was drawn: so that two agents that are wrong alike are
// found as well.
import { certificateFile } from './render.mjs';

/** Tells the servers by `backend/name`, in the words of observe.mjs. */
export function expectedServers({ listeners }) {
  const told = listeners.flatMap((listener) =>
    listener.pools.flatMap((pool) =>
      pool.members.map((member) => [
        `${pool.id}:${listener.id}/${member.id}`,
        expectedServer(listener, pool, member),
      ]),
    ),
  );
  return new Map(told.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function expectedServer({ protocol }, { monitor, persistence, tls, defaultServer }, member) {
  const inherited = defaultServer?.startsWith('maxconn') ? defaultServer.split(' ')[1] : '';
  const hasCookie = persistence === 'http' && protocol !== 'TCP';
  return {
    address: member.address,
    port: member.port,
    weight: member.weight,
    standing: member.isEnabled ? 'ready' : 'maint',
    backup: member.isBackup,
    check: monitor !== null || defaultServer?.startsWith('check') === true,
    cookie: hasCookie ? member.id : '',
    maxconn: String(member.maxconn ?? inherited),
    tls: tls === null ? '0' : '1',
  };
}

/** Lists what a handshake must show: port, name, and the certificate's version. */
export function expectedCertificates({ listeners }) {
  return listeners
    .filter(({ protocol }) => protocol === 'TERMINATED_HTTPS')
    .flatMap(({ port, certificates }) => certificates.map(({ name, version }) => ({ port, name, version })));
}

/** Lists the files that a load balancer's configuration names, with their content. */
export function filesOf({ listeners }, { certs, directory }) {
  const files = new Map([
    ['client.pem', certs.client],
    ['ca.pem', certs.authority],
  ]);
  for (const { id, protocol, certificates } of listeners) {
    if (protocol !== 'TERMINATED_HTTPS') continue;
    for (const { name, file, version } of certificates)
      files.set(`${id}-${certificateFile(name, file)}`, certs.of(name, version).pem);
    const list = certificates.map(({ name, file }) => `${directory}/${id}-${certificateFile(name, file)}\n`);
    files.set(`${id}.pem`, list.join(''));
  }
  return files;
}
