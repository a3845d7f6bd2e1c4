// Stands between the agent and haproxy's master socket, and says of some commands that they were done without doing
// them: what a haproxy that errs would do. The socket's name is taken over for the time of one call.
import { lstatSync, renameSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';

/** What each kind of lie is about; `about` gives what later commands of a server that was never added are about. */
const lies = {
  address: /^set server (\S+) addr /,
  weight: /^set server (\S+) weight /,
  standing: /^(?:set server (\S+) state |(?:enable|disable) server (\S+))/,
  servers: /^(?:add|del) server (\S+)/,
  certificate: /^commit ssl cert (\S+)/,
};

export const lieKinds = Object.keys(lies);

/** Takes the name of a master's socket over; `leave` gives it back and resolves with what was not done. */
export async function interpose(path, kind) {
  const real = `${path}.real`;
  const own = `${path}.liar`;
  rmSync(own, { force: true });
  rmSync(real, { force: true });
  const swallowed = [];
  const open = new Set();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    open.add(client);
    client.on('close', () => open.delete(client));
    client.on('error', () => client.destroy());
    serve(client, { real, kind, swallowed });
  });
  await new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(own, resolve);
  });
  const { ino } = lstatSync(own);
  renameSync(path, real);
  renameSync(own, path);
  return {
    async leave() {
      // haproxy makes the socket anew when it reads its configuration again.
      if (inodeOf(path) === ino) renameSync(real, path);
      else rmSync(real, { force: true });
      for (const client of open) client.destroy();
      await new Promise((resolve) => server.close(resolve));
      return swallowed;
    },
  };
}

function inodeOf(path) {
  try {
    return lstatSync(path).ino;
  } catch (thrown) {
    if (thrown.code === 'ENOENT') return undefined;
    throw thrown;
  }
}

function serve(client, { real, kind, swallowed }) {
  let request = '';
  let passed;
  client.setEncoding('utf8');
  client.on('data', (part) => {
    if (passed !== undefined) {
      passed.write(part);
      return;
    }
    request += part;
    if (!isWhole(request)) return;
    const commands = partsOf(request).map(wordsOf);
    if (!commands.some(({ command }) => isLiedAbout(kind, command))) {
      passed = pass(client, real, request);
      return;
    }
    void answer(client, { real, kind, swallowed }, commands);
  });
  client.on('end', () => passed?.end());
}

// A payload ends with an empty line.
function isWhole(request) {
  return /<<\n/.test(request) ? request.endsWith('\n\n') : request.includes('\n');
}

/** The commands of a line; one with a payload is alone in it. */
function partsOf(request) {
  return request.includes('<<') ? [request] : request.trim().split(';');
}

function wordsOf(text) {
  const [, prefix = '', command] = /^(@\S+ )?([^]*)$/.exec(text.trim());
  return { text, prefix, command };
}

function isLiedAbout(kind, command) {
  return lies[kind].test(command);
}

function pass(client, real, request) {
  const haproxy = connect(real);
  haproxy.on('error', () => client.destroy());
  client.on('close', () => haproxy.destroy());
  haproxy.pipe(client);
  haproxy.write(request);
  return haproxy;
}

async function answer(client, { real, kind, swallowed }, commands) {
  const added = new Set();
  let text = '';
  try {
    for (const { text: whole, command } of commands) {
      const [, server] = /^add server (\S+)/.exec(command) ?? [];
      if (kind === 'servers' && server !== undefined) added.add(server);
      const follows = [...added].some((name) => command.split(' ').includes(name));
      if (follows || isLiedAbout(kind, command)) {
        swallowed.push(command);
        text += `${lieFor(command)}\n`;
      } else text += await tell(real, whole);
    }
    client.end(text);
  } catch {
    client.destroy();
  }
}

function lieFor(command) {
  if (command.startsWith('add server')) return 'New server registered.\n';
  if (command.startsWith('del server')) return 'Server deleted.\n';
  if (command.startsWith('commit ssl cert')) return 'Committing\nSuccess!\n';
  if (/^set server \S+ addr/.test(command))
    return "no need to change the addr, port changed from '1' to '2' by 'stats socket command'\n";
  return '';
}

function tell(real, whole) {
  return new Promise((resolve, reject) => {
    const haproxy = connect(real);
    let text = '';
    haproxy.setEncoding('utf8');
    haproxy.on('data', (part) => (text += part));
    haproxy.on('error', reject);
    haproxy.on('end', () => resolve(text));
    haproxy.write(`${whole.trim()}\n`);
  });
}
