// An agent's hold on a machine of fakes, which death can end at any step. What the real writes do in several system
// calls they do here in as many steps, so that a death in between leaves what a real one leaves: a temporary file, a
// directory half removed. After its death nothing that the agent awaits ever settles.

import { posix } from 'node:path';
import type { Clock } from '../../agent/host/clock';
import type { Files } from '../../agent/host/files';
import type { ProcessRunner } from '../../agent/host/process';
import type { Udp, UnixSockets } from '../../agent/host/sockets';
import { temporaryName } from '../../agent/model/leftover';
import type { MemoryFiles } from './memory-files';

interface Machine {
  readonly files: MemoryFiles;
  readonly runner: ProcessRunner;
  readonly sockets: UnixSockets;
  readonly clock: Clock;
  readonly udp?: Udp;
}

export interface Life<Host> {
  readonly host: Host;
  /** Dies at the nth step from now; 1 is the next one. */
  dieAt(step: number): void;
  /** Settles at the agent's death. */
  readonly died: Promise<void>;
}

/** Gives an agent that lives from now its hold on the machine. */
export function createMortalHost<Host extends Machine>(machine: Host): Life<Host> {
  let left = Infinity;
  let hasDied = false;
  const isDead = (): boolean => hasDied;
  let announce: () => void = () => undefined;
  const died = new Promise<void>((resolve) => (announce = resolve));
  const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

  const step = async (): Promise<void> => {
    left -= 1;
    if (left <= 0) {
      hasDied = true;
      announce();
    }
    if (isDead()) await never();
  };
  /** What is read or waited for does not change the machine, and reaches nobody who is dead. */
  const reached = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isDead()) return never<T>();
    let outcome: T;
    try {
      outcome = await work();
    } catch (thrown) {
      if (isDead()) return never<T>();
      throw thrown;
    }
    return isDead() ? never<T>() : outcome;
  };
  const around = async <T>(work: () => Promise<T>): Promise<T> => {
    await step();
    const outcome = await reached(work);
    await step();
    return outcome;
  };

  const { runner, sockets, clock, udp } = machine;
  const mortalConversation: UnixSockets['converse'] = async (path, prompt) => {
    const conversation = await sockets.converse(path, prompt);
    void died.then(() => conversation.close());
    return {
      ...conversation,
      // Whether this is held changes the machine: death between two questions is a step of its own.
      ask: (line, timeoutMs) => around(() => conversation.ask(line, timeoutMs)),
      read: (line, timeoutMs, read) => around(() => conversation.read(line, timeoutMs, read)),
    };
  };
  const host = {
    ...machine,
    files: mortalFiles(machine.files, step, reached, around),
    runner: {
      ...runner,
      run: (argv, options) => reached(() => runner.run(argv, options)),
      startDetached: (argv, options) => around(() => runner.startDetached(argv, options)),
      identify: (pid) => reached(() => runner.identify(pid)),
      processesOf: (program) => reached(() => runner.processesOf(program)),
      signal: (pid, signal) => !isDead() && runner.signal(pid, signal),
      signalGroup: (pid, signal) => !isDead() && runner.signalGroup(pid, signal),
    } satisfies ProcessRunner,
    sockets: {
      ...sockets,
      request: (path, line, options) => reached(() => sockets.request(path, line, options)),
      converse: (path, prompt) => around(() => mortalConversation(path, prompt)),
    } satisfies UnixSockets,
    clock: {
      ...clock,
      sleep: (ms, signal) => reached(() => clock.sleep(ms, signal)),
      every: (ms, signal, tick) => clock.every(ms, signal, () => (isDead() ? undefined : tick())),
    } satisfies Clock,
    ...(udp && {
      udp: { ...udp, send: (target, payload) => around(() => udp.send(target, payload)) } satisfies Udp,
    }),
  };
  return {
    host,
    dieAt: (count) => {
      left = count;
    },
    died,
  };
}

type Step = () => Promise<void>;
type Reach = <T>(work: () => Promise<T>) => Promise<T>;

function mortalFiles(files: MemoryFiles, step: Step, reached: Reach, around: Reach): MemoryFiles {
  const removeBit = async (path: string): Promise<void> => {
    const kind = (await files.stat(path))?.kind;
    // The state goes first: the order of readdir(3) is anyone's.
    const names = kind === 'directory' ? [...(await files.list(path))].reverse() : [];
    for (const name of names) await removeBit(posix.join(path, name));
    if (kind === undefined) return;
    await step();
    await files.remove(path);
  };
  const write: Files['writeAtomic'] = async (path, content, mode) => {
    const directory = posix.dirname(path);
    if ((await files.stat(directory))?.kind === 'directory') {
      const temporary = posix.join(directory, temporaryName(posix.basename(path), '0123456789ab'));
      await step();
      files.plant(temporary, content.slice(0, Math.floor(content.length / 2)), mode);
      await step();
      files.unplant(temporary);
    }
    await reached(() => files.writeAtomic(path, content, mode));
    await step();
  };
  return {
    ...files,
    read: (path) => reached(() => files.read(path)),
    readText: (path) => reached(() => files.readText(path)),
    readHostText: (path) => reached(() => files.readHostText(path)),
    list: (path) => reached(() => files.list(path)),
    stat: (path) => reached(() => files.stat(path)),
    space: (path) => reached(() => files.space(path)),
    writeAtomic: (path, content, mode) => reached(() => write(path, content, mode)),
    makeDirectory: (path, mode) => around(() => files.makeDirectory(path, mode)),
    rename: (from, to) => around(() => files.rename(from, to)),
    remove: (path) =>
      reached(async () => {
        // A planned failure is that of the whole removal.
        if ((await files.stat(path)) === undefined) return files.remove(path);
        await removeBit(path);
        await step();
      }),
    truncate: (path) => around(() => files.truncate(path)),
  };
}

/** Runs a job of an agent until it settles or the agent is dead. */
export async function untilDeath<T>(
  life: Life<unknown>,
  job: () => Promise<T>,
): Promise<'died' | { readonly done: T } | { readonly thrown: unknown }> {
  const outcome = job().then(
    (done) => ({ done }),
    (thrown: unknown) => ({ thrown }),
  );
  return Promise.race([outcome, life.died.then(() => 'died' as const)]);
}
