// Servers that stand in for PostgreSQL with Patroni (5432, 8008) and for Swarm managers (2377) on two addresses. A
// connection gets the server's name and, of the database, its role. `GET /promote` on 8008 makes that one the primary.
// usage: node stand-ins.mjs ADDRESS ADDRESS
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';

const addresses = process.argv.slice(2);
let primary = addresses[0];

const speaker = (word) => createServer((socket) => socket.on('error', () => {}).end(`${word()}\n`));

function patroni(address) {
  return createHttpServer((request, response) => {
    if (request.url === '/promote') primary = address;
    const role = address === primary ? 'primary' : 'replica';
    const isTrue = !['/primary', '/replica'].includes(request.url) || request.url === `/${role}`;
    response.writeHead(isTrue ? 200 : 503, { connection: 'close' }).end(`{"role":"${role}"}\n`);
  });
}

for (const address of addresses) {
  speaker(() => `${address} ${address === primary ? 'primary' : 'replica'}`).listen(5432, address);
  speaker(() => address).listen(2377, address);
  patroni(address).listen(8008, address);
}
