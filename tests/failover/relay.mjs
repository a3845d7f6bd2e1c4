// usage: relay.mjs SOCKET PORT   (runs in the namespace of an amphora's host)
// Carries connections of a UNIX socket, which every namespace can reach, to a port of this namespace's loopback: the
// agent listens there alone.
import { connect, createServer } from 'node:net';

const [path, port] = process.argv.slice(2);

createServer((near) => {
  const far = connect({ host: '127.0.0.1', port: Number(port) });
  for (const [one, other] of [
    [near, far],
    [far, near],
  ]) {
    one.pipe(other);
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
}).listen(path, () => process.stdout.write('listening\n'));
