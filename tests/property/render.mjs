// A load balancer as the text that Octavia's controller uploads: the statements and words of its templates, in their
// order. Source: octavia/common/jinja/haproxy/combined_listeners/templates.
import { join } from 'node:path';

/** Renders the configuration; `vip` is where its listeners listen, `certs` where its certificates lie. */
export function render(loadBalancer, { id, vip, basePath, certs }) {
  const { listeners, comment } = loadBalancer;
  const pings = listeners.some(({ pools }) => pools.some(({ monitor }) => monitor?.type === 'PING'));
  return `# Configuration for loadbalancer ${id}${comment === 0 ? '' : ` at revision ${comment}`}
global
    daemon
    user nobody
    log /run/rsyslog/octavia/log local0
    log /run/rsyslog/octavia/log local1 notice
    stats socket ${join(basePath, `${id}.sock`)} mode 0666 level user
    server-state-file ${join(basePath, id, 'servers-state')}
    maxconn 500
${pings ? '    external-check\n    insecure-fork-wanted\n' : ''}
defaults
    no log
    retries 3
    option redispatch
    option splice-request
    option splice-response
    option http-keep-alive

${listeners.map((listener) => renderListener(listener, vip, certs)).join('\n')}`;
}

/** Names the file of a certificate; a controller that names files by content takes another one. */
export function certificateFile(name, file) {
  return file === 0 ? `${name}.pem` : `${name}-${file}.pem`;
}

function renderListener(listener, vip, certs) {
  const { id, port, protocol, connectionLimit, timeoutClient, pools } = listener;
  const mode = modeOf(listener);
  const tls = protocol === 'TERMINATED_HTTPS' ? ` ssl crt-list ${join(certs, `${id}.pem`)}` : '';
  const limit = (keyword) => (connectionLimit === null ? '' : `    ${keyword} ${connectionLimit}\n`);
  const [first] = pools;
  return `frontend ${id}
${limit('maxconn')}${tls === '' ? '' : '    redirect scheme https if !{ ssl_fc }\n'}    bind ${vip}:${port}${tls}
    mode ${mode}
    default_backend ${first.id}:${id}
    timeout client ${timeoutClient}
${pools.map((pool) => renderPool(pool, { id, mode, limit, certs })).join('')}`;
}

function modeOf({ protocol }) {
  return protocol === 'TCP' ? 'tcp' : 'http';
}

function renderPool(pool, { id, mode, limit, certs }) {
  const { algorithm, monitor, defaultServer, members } = pool;
  return `backend ${pool.id}:${id}
    mode ${mode}
${mode === 'http' ? '    http-reuse safe\n' : ''}    balance ${algorithm}
${lines(persistenceLines(pool, mode))}${lines(monitor === null ? [] : monitorLines(monitor))}${limit('fullconn')}    option allbackups
    timeout connect 5000
    timeout server 50000
${defaultServer === null ? '' : `    default-server ${defaultServer}\n`}${lines(members.map((member) => serverLine(pool, member, mode, certs)))}`;
}

function lines(list) {
  return list.map((line) => `    ${line}\n`).join('');
}

function persistenceLines({ persistence }, mode) {
  if (persistence === 'source') return ['stick-table type ip size 10k', 'stick on src'];
  if (mode !== 'http') return [];
  if (persistence === 'http') return ['cookie SRV insert indirect nocache'];
  if (persistence !== 'app') return [];
  return [
    'stick-table type string len 64 size 10k',
    'stick store-response res.cook(JSESSIONID)',
    'stick match req.cook(JSESSIONID)',
  ];
}

function monitorLines({ type, timeout }) {
  const http = ['option httpchk GET /health HTTP/1.0\\r\\n', 'http-check expect rstatus 200|202'];
  const byType = {
    HTTP: http,
    HTTPS: http,
    'TLS-HELLO': ['option ssl-hello-chk'],
    PING: ['option external-check', 'external-check command /var/lib/octavia/ping-wrapper.sh'],
  };
  return ['load-server-state-from-file global', `timeout check ${timeout}s`, ...(byType[type] ?? [])];
}

function serverLine({ monitor, persistence, proxy, tls }, member, mode, certs) {
  const { id, address, port, weight } = member;
  const words = [`server ${id} ${address}:${port} weight ${weight}`];
  if (monitor !== null) {
    const overTls = monitor.type === 'HTTPS' ? ' check-ssl verify none' : '';
    words.push(`check${overTls} inter ${monitor.delay}s fall ${monitor.fall} rise ${monitor.rise}`);
    if (member.monitorPort !== null) words.push(`port ${member.monitorPort}`);
  }
  if (persistence === 'http' && mode === 'http') words.push(`cookie ${id}`);
  if (proxy > 0) words.push(proxy === 1 ? 'send-proxy' : 'send-proxy-v2');
  if (member.isBackup) words.push('backup');
  if (!member.isEnabled) words.push('disabled');
  if (member.maxconn !== null) words.push(`maxconn ${member.maxconn}`);
  if (tls !== null) words.push(...tlsWords(tls, certs));
  return words.join(' ');
}

function tlsWords(tls, certs) {
  const client = tls === 'client' ? [`crt ${join(certs, 'client.pem')}`] : [];
  const ca = tls === 'plain' ? ['verify none'] : [`ca-file ${join(certs, 'ca.pem')}`];
  return ['ssl', ...client, ...ca, 'sni ssl_fc_sni', 'ciphers ECDHE+AESGCM', 'no-sslv3 no-tlsv10 no-tlsv11'];
}
