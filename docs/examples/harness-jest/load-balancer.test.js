// A load balancer under test: a real agent and a real haproxy, two members on loopback, and what the health manager hears.

const { createServer, get } = require('node:http');
const { randomUUID } = require('node:crypto');
const { startAmphora } = require('amphorad/testing');

/** A member that answers with its name. */
async function startMember(name) {
  const server = createServer((request, response) => response.end(name));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  return { name, port: server.address().port, close };
}

async function freePort() {
  const { port, close } = await startMember('');
  await close();
  return port;
}

/** What is answered through the load balancer. */
function fetchText(port) {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve(text));
    }).on('error', reject);
  });
}

function configuration(port, members) {
  const servers = members.map(
    ({ name, port }) => `    server ${name} 127.0.0.1:${port} check inter 100ms fall 2`,
  );
  return `
global
    maxconn 100
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
frontend web
    bind 127.0.0.1:${port}
    default_backend shop
backend shop
    balance roundrobin
${servers.join('\n')}
`;
}

let amphora;
let members;
let loadBalancer;
let port;

beforeAll(async () => {
  amphora = await startAmphora({ heartbeatIntervalMs: 100 });
  members = [await startMember('one'), await startMember('two')];
  loadBalancer = amphora.client.loadBalancer(randomUUID());
  port = await freePort();
});

afterAll(async () => {
  await amphora?.stop();
  await Promise.all((members ?? []).map((member) => member.close()));
});

test('traffic goes to both members', async () => {
  await loadBalancer.upload(configuration(port, members));
  await loadBalancer.start();
  await amphora.heartbeats.next(({ pools }) => pools.shop?.status === 'UP');
  const answers = [await fetchText(port), await fetchText(port)];
  expect(answers.sort()).toEqual(['one', 'two']);
});

test('a member that fails is DOWN in the next heartbeats, and gets no traffic', async () => {
  await members[1].close();
  const told = await amphora.heartbeats.next(({ pools }) => pools.shop?.members.two === 'DOWN');
  expect(told.pools.shop.members.one).toBe('UP');
  expect([await fetchText(port), await fetchText(port)]).toEqual(['one', 'one']);
});

test('a reload takes the member out', async () => {
  await loadBalancer.upload(configuration(port, [members[0]]));
  await loadBalancer.reload();
  const told = await amphora.heartbeats.next(({ pools }) => pools.shop && !('two' in pools.shop.members));
  expect(Object.keys(told.pools.shop.members)).toEqual(['one']);
  expect(await fetchText(port)).toBe('one');
});

test('a configuration that haproxy refuses changes nothing', async () => {
  await expect(loadBalancer.upload('backend b\n    balance sideways\n')).rejects.toThrow('400');
  expect(await loadBalancer.config()).toContain('balance roundrobin');
  expect(await fetchText(port)).toBe('one');
});

test('a load balancer that is stopped refuses connections', async () => {
  await loadBalancer.stop();
  expect(await amphora.client.listeners()).toEqual([]);
  await expect(fetchText(port)).rejects.toThrow('ECONNREFUSED');
});
