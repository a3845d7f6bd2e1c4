// A real haproxy that is nobody's load balancer: one whose socket an operator offers to the runtime API.

import { spawn, type ChildProcess } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { eventually } from '../../fakes/eventually';
import { temporaryDirectory } from './agent';

export interface TestHaproxy {
  readonly directory: string;
  /** The path of a socket by its level. */
  readonly socket: (level: 'admin' | 'operator' | 'user') => string;
  readonly signal: (name: NodeJS.Signals) => void;
  /** Ends it; its sockets' files stay until `clean`. */
  end(): Promise<void>;
  /** Ends it and removes its directory. */
  clean(): Promise<void>;
}

/** Starts haproxy with a socket of each level; `sections` follow the defaults. */
export async function startHaproxy(sections: string, global = ''): Promise<TestHaproxy> {
  const directory = temporaryDirectory();
  const socket: TestHaproxy['socket'] = (level) => join(directory, `${level}.sock`);
  const sockets = (['admin', 'operator', 'user'] as const).map(
    (level) => `  stats socket ${socket(level)} level ${level}`,
  );
  const config = join(directory, 'haproxy.cfg');
  writeFileSync(
    config,
    `global
${sockets.join('\n')}
${global}
defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
${sections}
`,
  );
  const child = spawn('haproxy', ['-db', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  let printed = '';
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  await eventually(async () => {
    if (!(await answers(socket('admin')))) throw new Error(`haproxy does not answer: ${printed}`);
  });
  const signal: TestHaproxy['signal'] = (name) => void child.kill(name);
  const end = (): Promise<void> => ended(child);
  return {
    directory,
    socket,
    signal,
    end,
    async clean() {
      await end();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A port of loopback that nobody has just now. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => socket.end('show info\n'));
    socket.once('error', () => resolve(false));
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
