// Requests as bytes: the rows of the API with good parameters, from which the generators go astray.
// Sources: contract/amphora-v0.1.md "Endpoints", contract/octavia-1.0.md "Endpoints".
import { createHash } from 'node:crypto';

/** A UUID that belongs to a seed, so that cases of one run meet each other's listeners. */
export function uuidOf(seed, index) {
  const hex = createHash('sha256').update(`${seed} ${index}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}

/** How many listeners the cases share. */
export const listenerCount = 12;

/** The rows; `:` marks a parameter. */
export const rows = [
  ['GET', '/info'],
  ['GET', '/v0.1/info'],
  ['GET', '/v0.1/details'],
  ['GET', '/v0.1/topology'],
  ['POST', '/v0.1/topology', 'topology'],
  ['GET', '/v0.1/interface/:ip'],
  ['GET', '/v0.1/listeners'],
  ['GET', '/v0.1/listeners/:uuid'],
  ['DELETE', '/v0.1/listeners/:uuid'],
  ['PUT', '/v0.1/listeners/:uuid/:action'],
  ['PUT', '/v0.1/listeners/:uuid/certificates/:name', 'pem'],
  ['GET', '/v0.1/listeners/:uuid/certificates/:name'],
  ['DELETE', '/v0.1/listeners/:uuid/certificates/:name'],
  ['PUT', '/v0.1/listeners/:uuid/:uuid/haproxy', 'configuration'],
  ['GET', '/v0.1/listeners/:uuid/haproxy'],
  ['POST', '/v0.1/plug/vip/:ip', 'vip'],
  ['POST', '/v0.1/plug/network', 'network'],
  ['PUT', '/v0.1/certificate', 'pem'],
  ['PUT', '/v0.1/certificates', 'pem'],
  ['PUT', '/v0.1/vrrp/upload', 'vrrp'],
  ['PUT', '/v0.1/vrrp/:action'],
  ['GET', '/'],
  ['GET', '/1.0/info'],
  ['GET', '/1.0/details'],
  ['GET', '/1.0/listeners'],
  ['GET', '/1.0/interface/:ip'],
  ['PUT', '/1.0/loadbalancer/:uuid/:uuid/haproxy', 'configuration'],
  ['GET', '/1.0/loadbalancer/:uuid/haproxy'],
  ['PUT', '/1.0/loadbalancer/:uuid/:action'],
  ['DELETE', '/1.0/listeners/:uuid'],
  ['PUT', '/1.0/loadbalancer/:uuid/certificates/:name', 'pem'],
  ['GET', '/1.0/loadbalancer/:uuid/certificates/:name'],
  ['DELETE', '/1.0/loadbalancer/:uuid/certificates/:name'],
  ['PUT', '/1.0/listeners/:uuid/:uuid/udp_listener', 'configuration'],
  ['GET', '/1.0/listeners/:uuid/udp_listener'],
  ['PUT', '/1.0/certificate', 'pem'],
  ['PUT', '/1.0/config', 'configuration'],
  ['POST', '/1.0/plug/vip/:ip', 'vip'],
  ['POST', '/1.0/plug/network', 'network'],
  ['PUT', '/1.0/interface/:ip/rules', 'rules'],
  ['PUT', '/1.0/vrrp/upload', 'vrrp'],
  ['PUT', '/1.0/vrrp/:action'],
];

const good = {
  ':uuid': (random, seed) => uuidOf(seed, random.below(listenerCount)),
  ':ip': (random) => random.pick(['127.0.0.1', '::1', '192.0.2.7', 'fe80::1%25lo']),
  ':action': (random) => random.pick(['start', 'stop', 'reload']),
  ':name': (random) => random.pick(['www.example.com.pem', 'WILDCARD.example.com.pem', 'a.pem']),
};

/** Fills a row's parameters; `parameter` may replace a good value by another. */
export function fill(path, random, seed, parameter = (value) => value) {
  return path.replace(/:[a-z]+/g, (name) => parameter(good[name](random, seed), name));
}

/** Writes a request with its length; `body` undefined sends none. */
export function requestBytes(method, target, body, headers = []) {
  const length = body === undefined ? [] : [`Content-Length: ${body.length}`];
  const head = [`${method} ${target} HTTP/1.1`, 'Host: localhost', ...length, ...headers].join('\r\n');
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), body ?? Buffer.alloc(0)]);
}
