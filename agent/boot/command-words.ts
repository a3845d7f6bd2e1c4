// Commands of more than one word, and those that take one: what follows the first.

import { AgentError } from '../model/errors';
import type { Command } from './args';

export interface Chosen {
  readonly command: Command;
  readonly paths: readonly string[];
}

/** Reads what follows the word. Throws `invalid-input`. */
export function vrrpCommandOf([word = '', ...paths]: readonly string[]): Chosen {
  if (word === 'lint') return { command: 'vrrp-lint', paths };
  if (word !== 'preview') throw new AgentError('invalid-input', `amphorad vrrp has no command "${word}"`);
  if (paths.length > 0) throw new AgentError('invalid-input', `unexpected argument "${paths[0] ?? ''}"`);
  return { command: 'vrrp-preview', paths: [] };
}

/** Reads what follows the word. Throws `invalid-input`. */
export function networkCommandOf([word = '', ...more]: readonly string[]): Chosen {
  if (word !== 'restore' && word !== 'prepare')
    throw new AgentError('invalid-input', `amphorad network has no command "${word}"`);
  if (more.length > 0) throw new AgentError('invalid-input', `unexpected argument "${more[0] ?? ''}"`);
  return { command: `network-${word}`, paths: [] };
}

/** Reads what follows the word. Throws `invalid-input`. */
export function interfaceCommandOf(words: readonly string[]): Chosen {
  const [action = '', name = '', extra] = words;
  const isAction = action === 'up' || action === 'down';
  if (!isAction || name === '' || extra !== undefined)
    throw new AgentError('invalid-input', 'amphorad interface takes up or down and a name, or all');
  return { command: 'interface', paths: words };
}

/** Reads what follows the word. Throws `invalid-input`. */
export function serverCommandOf(command: 'drain' | 'ready' | 'maint', words: readonly string[]): Chosen {
  if (words.length !== 1)
    throw new AgentError('invalid-input', `amphorad ${command} takes one BACKEND/SERVER`);
  return { command, paths: words };
}
