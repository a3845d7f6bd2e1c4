// The one place where commands of haproxy's runtime API are put together, from typed parts. `;` and a line break begin
// another command, a blank another argument, `#` names a server by number, a backslash escapes, `<<` opens a payload:
// none of them gets in. Source: HAProxy 2.6 management guide, 9.3; v2.6.0 src/cli.c, cli_parse_request.

import { quote } from '../../model/ids';
import { AgentError } from '../../model/errors';

declare const brand: unique symbol;

/** One command that is exactly one. */
export type RuntimeCommand = string & { readonly [brand]: 'RuntimeCommand' };

/** A server by name, as `show servers state` tells it. */
export interface ServerName {
  readonly backend: string;
  readonly server: string;
}

/** A word of a command: as it is, a figure, or a server. */
export type CommandPart = string | number | ServerName;

// haproxy's own alphabet of names (its manual, 2.2): no legitimate name is lost.
const plainName = /^[A-Za-z0-9_.:-]{1,255}$/;
const forbidden = /[\s;\\\0-\x1f\x7f#<]/;
// A line above 16 KiB resets the connection (tune.bufsize).
const longestCommand = 8_192;

/** Tells whether a word is a name as haproxy takes them for backends and servers. */
export function isPlainName(name: string): boolean {
  return plainName.test(name);
}

/** Tells whether both names can stand in a command. */
export function canBeNamed({ backend, server }: ServerName): boolean {
  return plainName.test(backend) && plainName.test(server);
}

/** Puts a command together. Throws `invalid-input` for a part that haproxy would not read as one word. */
export function runtimeCommand(...parts: readonly CommandPart[]): RuntimeCommand {
  const command = parts.map(wordOf).join(' ');
  if (command.length > longestCommand) throw new AgentError('invalid-input', 'the command is too long');
  return command as RuntimeCommand;
}

/** Puts several commands into one line, each for this worker of a master. */
export function lineOf(pid: number, commands: readonly RuntimeCommand[]): string {
  return commands.map((command) => toProcess(pid, command)).join(';');
}

/** Announces that a payload follows the command; it ends with an empty line. */
export function withPayload(command: RuntimeCommand): RuntimeCommand {
  return `${command} <<` as RuntimeCommand;
}

/** Says to a master's socket that its present worker is meant. */
export function toWorker(command: string): string {
  return `@1 ${command}`;
}

/** Says to a master's socket that this worker is meant, the present one or an old one. */
export function toProcess(pid: number, command: string): string {
  return `@!${pid} ${command}`;
}

function wordOf(part: CommandPart): string {
  if (typeof part === 'number') {
    if (!Number.isFinite(part)) throw new AgentError('invalid-input', 'no figure for a command');
    return String(part);
  }
  if (typeof part === 'string') {
    if (part === '' || forbidden.test(part) || !/^[\x21-\x7e]+$/.test(part)) throw refused(part);
    return part;
  }
  if (!canBeNamed(part)) {
    throw new AgentError('invalid-input', `no name of a server: ${quote(`${part.backend}/${part.server}`)}`);
  }
  return `${part.backend}/${part.server}`;
}

function refused(part: string): AgentError {
  return new AgentError('invalid-input', `no single word of a command: ${quote(part)}`);
}
