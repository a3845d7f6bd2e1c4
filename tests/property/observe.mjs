// What a haproxy has become: its servers by the runtime API, and its certificates by a handshake for each name. Sources:
// HAProxy 2.6 management guide, 9.1 (CSV), 9.3 "show servers state"; v2.6.0 include/haproxy/server-t.h, check-t.h.
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

const deadlineMs = 10_000;
const inMaintenance = 0x01 | 0x02 | 0x20;
const inDrain = 0x08 | 0x10;
const checkEnabled = 0x04;

/** Asks haproxy's socket. */
export function ask(path, command) {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let text = '';
    socket.setEncoding('utf8');
    socket.setTimeout(deadlineMs, () => socket.destroy(new Error(`no answer to ${command}`)));
    socket.on('data', (part) => (text += part));
    socket.on('error', reject);
    socket.on('end', () => resolve(text));
    socket.end(`${command}\n`);
  });
}

/** The pid of the worker that answers on an admin socket. */
export async function workerOf(path) {
  return /^Pid: (\d+)$/m.exec(await ask(path, 'show info'))?.[1];
}

/** Tells all servers: `backend/name` with what they are. */
export async function serversOf(path) {
  const states = table(await ask(path, 'show servers state'), 1, ' ');
  const stats = new Map(
    table(await ask(path, 'show stat -1 4 -1'), 0, ',').map((row) => [`${row.pxname}/${row.svname}`, row]),
  );
  const told = states.map((state) => {
    const name = `${state.be_name}/${state.srv_name}`;
    const stat = stats.get(name) ?? {};
    const standing = standingOf(Number(state.srv_admin_state));
    return [
      name,
      {
        address: state.srv_addr,
        port: Number(state.srv_port),
        // What is in force of one in maintenance is the weight before: it has none until it is ready again.
        weight: Number(standing === 'maint' ? state.srv_uweight : stat.weight),
        userWeight: Number(state.srv_uweight),
        standing,
        backup: stat.bck === '1',
        check: (Number(state.srv_check_state) & checkEnabled) !== 0,
        checkPort: Number(state.srv_check_port),
        // Columns of a server that is in maintenance, or has no check, are empty.
        rise: stat.check_rise,
        fall: stat.check_fall,
        cookie: stat.cookie,
        maxconn: stat.slim,
        tls: state.srv_use_ssl,
      },
    ];
  });
  return new Map(told.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function standingOf(flags) {
  if ((flags & inMaintenance) !== 0) return 'maint';
  return (flags & inDrain) !== 0 ? 'drain' : 'ready';
}

function table(text, headAt, separator) {
  const lines = text.split('\n').filter((line) => line !== '');
  const columns = (lines[headAt] ?? '').replace(/^# /, '').split(separator);
  return lines.slice(headAt + 1).map((line) => {
    const cells = line.split(separator);
    return Object.fromEntries(columns.map((column, at) => [column, cells[at]]));
  });
}

/** The serial of the certificate that is shown for a name. */
export function serialFor(host, port, servername) {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host, port, servername, rejectUnauthorized: false });
    socket.setTimeout(deadlineMs, () => socket.destroy(new Error(`no handshake for ${servername}`)));
    socket.on('error', reject);
    socket.on('secureConnect', () => {
      const { serialNumber } = socket.getPeerX509Certificate();
      socket.destroy();
      resolve(serialNumber);
    });
  });
}
