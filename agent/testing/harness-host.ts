// What a harness's agent stands on: this machine, whose haproxy must be there.

import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { createNodeHost, type AgentHost, type Environment } from '../boot/wire-host';

const furtherDirectories = ['/usr/sbin', '/usr/local/sbin'];

/** Makes the host of an agent that runs in this process. */
export function createHarnessHost(env: Environment): AgentHost {
  return createNodeHost(env);
}

/** Finds the haproxy to run: the one that is named, by path or by name, else `haproxy` on PATH. Throws, saying what to install, when there is none. */
export function findHaproxy(command: string | undefined, env: Environment): string {
  const name = command ?? 'haproxy';
  const onPath = (env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '');
  const directories = [...onPath, ...furtherDirectories];
  const candidates = isAbsolute(name) ? [name] : directories.map((directory) => join(directory, name));
  const found = candidates.find(isExecutable);
  if (found !== undefined) return found;
  const where = isAbsolute(name)
    ? ''
    : ` on PATH (${onPath.join(delimiter)}) or in ${furtherDirectories.join(', ')}`;
  throw new Error(
    `there is no ${name}${where}: install haproxy 2.6 or newer (Debian: apt-get install haproxy), ` +
      'name one with haproxyCommand, or do without one by fakeHaproxy: true',
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
