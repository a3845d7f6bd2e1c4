// `amphorad monitor`: receives heartbeats as a controller does and shows them: a table on a terminal, a line of JSON for
// each datagram otherwise. What does not verify is shown with what is wrong with it. Source: docs/heartbeat.md.

import { readSocketAddress } from '../config/value-address';
import { unwrapEnvelope } from '../heartbeat/codec';
import type { Clock } from '../host/clock';
import type { Files } from '../host/files';
import type { Udp, UdpAddress } from '../host/sockets';
import { AgentError, invalidInput, messageOf } from '../model/errors';
import { createMonitorTable, type Received } from './monitor-table';

export interface MonitorOptions {
  readonly listen: string;
  readonly keyFile: string;
  readonly isTerminal: boolean;
}

export interface MonitorDeps {
  readonly files: Files;
  readonly clock: Clock;
  readonly udp: Udp;
  readonly print: (text: string) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Receives until told to end. Throws `invalid-input` for an address or key file that is none, `unavailable` when it cannot be bound. */
export async function runMonitor(options: MonitorOptions, deps: MonitorDeps): Promise<void> {
  const at = readSocketAddress(options.listen);
  if (at === undefined) throw invalidInput('--listen', 'expected ADDRESS:PORT or [IPv6]:PORT');
  const key = await readKey(deps.files, options.keyFile);
  const table = createMonitorTable();
  const show = (received: Received): void => {
    if (options.isTerminal) deps.print(table.draw(received));
    else
      deps.print(
        `${JSON.stringify({ received: new Date(received.atMs).toISOString(), ...line(received) })}\n`,
      );
  };
  const listener = await deps.udp.listen(at, (envelope, from) => {
    const common = { from: nameOf(from), bytes: envelope.length, atMs: deps.clock.now() };
    show({ ...common, ...decode(envelope, key) });
  });
  const listening = { listening: nameOf({ ...at, port: listener.port }) };
  deps.print(options.isTerminal ? `listening on ${listening.listening}\n` : `${JSON.stringify(listening)}\n`);
  await new Promise<void>((resolve) => {
    if (deps.signal.aborted) resolve();
    deps.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await listener.close();
}

function line({ from, bytes, error, message }: Received): object {
  return { from, bytes, ...(error === undefined ? { message } : { error }) };
}

function decode(envelope: Buffer, key: string): { readonly message: unknown } | { readonly error: string } {
  try {
    return { message: unwrapEnvelope(envelope, key) };
  } catch (thrown) {
    if (!(thrown instanceof AgentError)) throw thrown;
    return { error: messageOf(thrown) };
  }
}

async function readKey(files: Files, path: string): Promise<string> {
  const key = (await files.readHostText(path))?.replace(/\r?\n$/, '');
  if (key === undefined) throw invalidInput('--key-file', `there is no file ${path}`);
  if (key === '') throw invalidInput('--key-file', `${path} is empty`);
  return key;
}

function nameOf({ address, port }: UdpAddress): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
