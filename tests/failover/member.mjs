// usage: member.mjs ADDRESS PORT   (runs in the members' namespace)
// A server behind the amphorae: answers every request at once.
import { createServer } from 'node:http';

const [address, port] = process.argv.slice(2);

createServer((_, response) => response.end('here\n')).listen(Number(port), address, () =>
  process.stdout.write('listening\n'),
);
