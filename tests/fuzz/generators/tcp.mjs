// Bytes into the port before there is any TLS: noise, other protocols, and a real ClientHello that was damaged.
import { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import { mutateBytes } from '../mutate.mjs';
import { requestBytes } from '../requests.mjs';

const waitMs = 40;

const plain = [
  requestBytes('GET', '/info'),
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from('PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n'),
  Buffer.from('\r\n\r\n\x00\r\nQUIT\n!\x11', 'latin1'),
  Buffer.from('\x05\x01\x00', 'latin1'),
  Buffer.from('SSH-2.0-x\r\n'),
  Buffer.from('STARTTLS\r\n'),
];
// TLS records: type, version, announced length.
const records = [20, 21, 22, 23, 24, 128].flatMap((type) => [
  [type, 3, 1, 0, 2, 1, 0],
  [type, 3, 3, 255, 255],
  [type, 3, 4, 0, 0],
]);

/** The generator. */
export const tcp = {
  name: 'tcp',
  share: 1,
  atOnce: 8,
  async prepare() {
    return { hello: await clientHello() };
  },
  make(random, { hello }) {
    const kinds = [
      () => random.bytes(random.size(4_096)),
      () => mutateBytes(hello, random),
      () => Buffer.concat([hello, mutateBytes(hello, random, 2)]),
      () => Buffer.from(random.pick(records)),
      () => Buffer.concat(random.some(records, 6).map((record) => Buffer.from(record))),
      () => random.pick(plain),
      () => mutateBytes(random.pick(plain), random),
    ];
    return { input: random.pick(kinds)(), halfClose: random.oneIn(2) };
  },
  async run({ input, halfClose }, { wire }) {
    const line = await wire.open(undefined);
    line.send(input);
    if (halfClose) line.halfClose();
    await line.until(() => false, waitMs);
    const text = line.received().toString('latin1');
    const outcome = line.ended() ? 'closed' : 'left open';
    line.close();
    return { outcome, faults: /^HTTP/.test(text) ? [`answered without TLS: ${text.slice(0, 200)}`] : [] };
  },
};

/** What a TLS client says first. */
function clientHello() {
  return new Promise((resolve) => {
    const said = [];
    const pipe = new Duplex({
      read: () => {},
      write(chunk, _encoding, done) {
        said.push(chunk);
        done();
        setImmediate(() => {
          socket.destroy();
          resolve(Buffer.concat(said));
        });
      },
    });
    const socket = connect({ socket: pipe, servername: 'localhost' });
    socket.on('error', () => {});
  });
}
