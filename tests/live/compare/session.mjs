// The scripted session: every call of the contract, with good and bad input, in an order in which a controller could
// make them. Each step has a name of its own; `target` gives what differs in the texts.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { call, step } from './calls.mjs';
import { networkSession } from './session-network.mjs';
import { configuration, groupLines, udpConfiguration } from './texts.mjs';

const one = '5b6f1a52-0000-4000-8000-000000000001';
const two = '5b6f1a52-0000-4000-8000-000000000002';
const nobody = '5b6f1a52-0000-4000-8000-00000000dead';
const udp = '5b6f1a52-0000-4000-8000-0000000000dd';

function discovery() {
  return [
    step('version discovery', 'GET', '/'),
    step('version discovery as the client asks', 'GET', '//'),
    step('version discovery, HEAD', 'HEAD', '/'),
    step('version discovery, OPTIONS', 'OPTIONS', '/'),
    step('version discovery, wrong method', 'POST', '/', { body: '' }),
    step('version discovery with a query', 'GET', '/?a=b'),
    step('no such dialect', 'GET', '/2.0/info'),
    step('dialect alone', 'GET', '/1.0'),
    step('dialect and a slash', 'GET', '/1.0/'),
    step('no such page', 'GET', '/favicon.ico'),
    call('no such call', 'GET', '/nothing'),
    call('no such call, PUT', 'PUT', '/nothing', { body: 'x' }),
    call('info', 'GET', '/info'),
    call('info, HEAD', 'HEAD', '/info'),
    call('info, OPTIONS', 'OPTIONS', '/info'),
    call('info with a query', 'GET', '/info?verbose=1'),
    call('info, trailing slash', 'GET', '/info/'),
    step('info after two slashes', 'GET', '//1.0/info'),
    step('doubled slash inside', 'GET', '/1.0//info'),
    call('info, other letter case', 'GET', '/Info'),
    ...['PUT', 'POST', 'DELETE', 'PATCH'].map((method) =>
      call(`info, ${method}`, method, '/info', { body: '' }),
    ),
    call('details', 'GET', '/details'),
    call('details, HEAD', 'HEAD', '/details'),
    call('details, wrong method', 'PUT', '/details'),
    call('no listeners', 'GET', '/listeners'),
    call('listeners, wrong method', 'POST', '/listeners', { body: '{}' }),
    call('listeners, trailing slash', 'GET', '/listeners/'),
    call('one listener, GET', 'GET', `/listeners/${nobody}`),
    call('one listener, OPTIONS', 'OPTIONS', `/listeners/${nobody}`),
  ];
}

function uploads(target) {
  const path = `/loadbalancer/${target.amphora_id}/${one}/haproxy`;
  const text = configuration(target, one, 1);
  return [
    call('configuration of nobody', 'GET', `/loadbalancer/${nobody}/haproxy`),
    call('configuration of nobody, no UUID', 'GET', '/loadbalancer/nobody/haproxy'),
    call('upload', 'PUT', path, { body: text }),
    call('upload read back', 'GET', `/loadbalancer/${one}/haproxy`),
    call('upload read back, HEAD', 'HEAD', `/loadbalancer/${one}/haproxy`),
    call('upload again', 'PUT', path, { body: text }),
    call('upload, octets', 'PUT', path, {
      body: text,
      headers: { 'Content-Type': 'application/octet-stream' },
    }),
    call('upload, form', 'PUT', path, {
      body: text,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    }),
    call('upload, JSON type', 'PUT', path, { body: text, headers: { 'Content-Type': 'application/json' } }),
    call('upload, chunked', 'PUT', path, { body: text, headers: { 'Transfer-Encoding': 'chunked' } }),
    call('upload with group lines', 'PUT', path, { body: groupLines(text) }),
    call('upload with group lines read back', 'GET', `/loadbalancer/${one}/haproxy`),
    call('upload that haproxy refuses', 'PUT', path, {
      body: text.replace('balance roundrobin', 'balance by-mood'),
    }),
    call('upload of an unknown keyword', 'PUT', path, {
      body: text.replace('timeout client', 'timeout clinet'),
    }),
    call('refused upload left no trace', 'GET', `/loadbalancer/${one}/haproxy`),
    call('refused first upload', 'PUT', `/loadbalancer/${target.amphora_id}/${nobody}/haproxy`, {
      body: configuration(target, nobody, 3).replace('timeout client', 'timeout clinet'),
    }),
    call('refused first upload left no trace', 'GET', `/loadbalancer/${nobody}/haproxy`),
    call('upload that is not UTF-8', 'PUT', path, { body: Buffer.from([0x23, 0xff, 0xfe, 0x0a]) }),
    call('upload, wrong method', 'POST', path, { body: text }),
    call('upload, DELETE', 'DELETE', path),
    call('upload, OPTIONS', 'OPTIONS', path),
    call('upload, trailing slash', 'PUT', `${path}/`, { body: text }),
    call('upload once more', 'PUT', path, { body: text }),
    call('configuration, wrong method', 'PUT', `/loadbalancer/${one}/haproxy`, { body: text }),
  ];
}

function actions(target) {
  const act = (id, action) => `/loadbalancer/${id}/${action}`;
  const second = `/loadbalancer/${target.amphora_id}/${two}/haproxy`;
  return [
    call('unknown action', 'PUT', act(one, 'jump')),
    call('unknown action for nobody', 'PUT', act(nobody, 'jump')),
    ...['start', 'stop', 'reload'].map((action) => call(`${action} of nobody`, 'PUT', act(nobody, action))),
    call('listeners before the start', 'GET', '/listeners'),
    call('start', 'PUT', act(one, 'start')),
    call('start of what runs', 'PUT', act(one, 'start')),
    call('listeners of what runs', 'GET', '/listeners'),
    call('details of what runs', 'GET', '/details'),
    call('reload', 'PUT', act(one, 'reload')),
    call('reload, capital letters', 'PUT', act(one, 'RELOAD')),
    call('reload, mixed letters', 'PUT', act(one, 'Reload')),
    call('stop', 'PUT', act(one, 'stop')),
    call('stop of what is stopped', 'PUT', act(one, 'stop')),
    call('listeners of what is stopped', 'GET', '/listeners'),
    call('reload of what is stopped', 'PUT', act(one, 'reload')),
    call('second upload', 'PUT', second, { body: configuration(target, two, 2) }),
    call('second start by a reload', 'PUT', act(two, 'reload')),
    call('changed upload', 'PUT', second, { body: configuration(target, two, 2, 7) }),
    call('changed upload reloaded', 'PUT', act(two, 'reload')),
    call('listeners of both', 'GET', '/listeners'),
    call('action with a body', 'PUT', act(one, 'reload'), {
      body: '{}',
      headers: { 'Content-Type': 'application/json' },
    }),
    ...['GET', 'POST', 'DELETE', 'OPTIONS'].map((method) =>
      call(`action, ${method}`, method, act(one, 'start')),
    ),
    call('action, trailing slash', 'PUT', `${act(one, 'start')}/`),
  ];
}

function certificates(target) {
  const at = (name) => `/loadbalancer/${one}/certificates/${name}`;
  const pem = readFileSync(join(target.certs, 'client.pem'), 'utf8');
  const digests = new Set();
  return [
    call('no certificate', 'GET', at('none.pem')),
    call('certificate', 'PUT', at('web.pem'), { body: pem }),
    call('certificate read back', 'GET', at('web.pem'), { stored: 'certificate' }),
    call('certificate read back, HEAD', 'HEAD', at('web.pem'), { stored: 'certificate' }),
    call('authority', 'PUT', at('ca.pem'), { body: readFileSync(join(target.certs, 'ca.pem')) }),
    call('crt-list', 'PUT', at('list.pem'), { body: `${target.base_cert_dir}/${one}/web.pem\n` }),
    call('certificate of no sense', 'PUT', at('odd.pem'), { body: 'no PEM at all' }),
    call('certificate of nothing', 'PUT', at('empty.pem'), { body: '' }),
    call('certificate of a new load balancer', 'PUT', `/loadbalancer/${nobody}/certificates/web.pem`, {
      body: pem,
    }),
    ...['web.txt', 'web', '.pem', '..pem', 'a b.pem', 'ümlaut.pem', 'web.pem.bak', 'UPPER.PEM'].flatMap(
      (name) =>
        ['PUT', 'GET', 'DELETE'].map((method) =>
          call(
            `certificate name ${name}, ${method}`,
            method,
            at(encodeURIComponent(name)),
            method === 'PUT' ? { body: pem } : {},
          ),
        ),
    ),
    call('certificate, wrong method', 'POST', at('web.pem'), { body: pem }),
    call('certificate, OPTIONS', 'OPTIONS', at('web.pem')),
    call('certificate removed', 'DELETE', at('web.pem')),
    call('certificate removed again', 'DELETE', at('web.pem')),
    call('certificate after its removal', 'GET', at('web.pem')),
    call('certificates, no name', 'GET', `/loadbalancer/${one}/certificates`),
  ].map((each) => ({ ...each, digests }));
}

function udpListeners(target) {
  const path = `/listeners/${target.amphora_id}/${udp}/udp_listener`;
  return [
    call('UDP listener of nobody', 'GET', `/listeners/${udp}/udp_listener`),
    call('UDP upload, wrong method', 'POST', path, { body: '' }),
    call('UDP upload', 'PUT', path, { body: udpConfiguration(udp, target.namespace) }),
    call('UDP upload read back', 'GET', `/listeners/${udp}/udp_listener`),
    call('listeners with a UDP one', 'GET', '/listeners'),
    call('bad UDP configuration', 'PUT', `/listeners/${target.amphora_id}/${nobody}/udp_listener`, {
      body: 'nonsense {',
    }),
    call('UDP listener removed', 'DELETE', `/listeners/${udp}`),
    call('UDP listener after its removal', 'GET', `/listeners/${udp}/udp_listener`),
  ];
}

function removal() {
  return [
    call('remove one', 'DELETE', `/listeners/${one}`),
    call('remove one again', 'DELETE', `/listeners/${one}`),
    call('configuration of what is removed', 'GET', `/loadbalancer/${one}/haproxy`),
    call('start of what is removed', 'PUT', `/loadbalancer/${one}/start`),
    call('remove nobody', 'DELETE', `/listeners/${nobody}`),
    call('listeners after one', 'GET', '/listeners'),
    call('remove two', 'DELETE', `/listeners/${two}`),
    call('remove, trailing slash', 'DELETE', `/listeners/${two}/`),
    call('listeners at the end', 'GET', '/listeners'),
  ];
}

function agentItself(target) {
  const pem = (name) => readFileSync(join(target.certs, `${name}.pem`));
  return [
    ...['127.0.0.1', '192.0.2.77', 'nonsense', '::1', '300.1.1.1'].map((ip) =>
      call(`interface of ${ip}`, 'GET', `/interface/${ip}`),
    ),
    call('interface, wrong method', 'PUT', '/interface/127.0.0.1'),
    call('agent.conf, wrong method', 'GET', '/config'),
    call('agent.conf', 'PUT', '/config', { body: readFileSync(join(target.scratch, 'rendered.conf')) }),
    call('bad agent.conf', 'PUT', '/config', { body: 'heartbeat_key = without a section\n' }),
    call('info after agent.conf', 'GET', '/info'),
    call('agent.conf put right', 'PUT', '/config', {
      body: readFileSync(join(target.scratch, 'rendered.conf')),
    }),
    call('server certificate, wrong method', 'GET', '/certificate'),
    call('server certificate', 'PUT', '/certificate', { body: pem('server2'), settle: true }),
    call('info under a new certificate', 'GET', '/info'),
    // The real agent keeps it, and lists its listeners from then on.
    call('write under a bad id, upload', 'PUT', `/loadbalancer/${target.amphora_id}/.hidden/haproxy`, {
      body: configuration(target, one, 1),
    }),
    call('write under a bad id, certificate', 'PUT', '/loadbalancer/.hidden/certificates/web.pem', {
      body: pem('client'),
    }),
    // The last one: the real agent cuts itself off with it.
    call('bad server certificate', 'PUT', '/certificate', { body: 'no PEM at all' }),
  ];
}

/** The session for a target. */
export function sessionFor(target) {
  return [
    discovery,
    uploads,
    actions,
    certificates,
    udpListeners,
    removal,
    networkSession,
    agentItself,
  ].flatMap((part) => part(target));
}
