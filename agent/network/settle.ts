// Carries a plan out and looks at what came of it: some changes take others with them (the kernel drops routes with the
// last address of a family), so it is planned again until nothing is left to do.

import { AgentError, messageOf } from '../model/errors';
import { readActual } from './actual';
import { isMissingDevice, type IpCommand } from './ip';
import { plan, type Step } from './plan';
import type { Target } from './target';

const mostRounds = 4;

/**
 * Makes an interface what its target says, in the namespace of `command`; resolves with a sentence for each optional
 * step that was refused. Throws `not-found` when the interface is not there or vanishes, `unavailable` with the
 * tool's words when a step fails or the kernel keeps undoing it.
 */
export async function settle(command: IpCommand, target: Target): Promise<readonly string[]> {
  const refused = new Map<string, string>();
  for (let round = 0; round < mostRounds; round += 1) {
    const steps = plan(await readActual(command), target);
    if (steps === undefined) throw missingInterface(target.name);
    const left = steps.filter((step) => !refused.has(step.argv.join(' ')));
    if (left.length === 0) return [...refused.values()];
    await carryOut(command, left, refused);
  }
  throw new AgentError('unavailable', `${target.name} does not keep what it is given`);
}

/** Carries out steps one after the other; what was optional and refused is noted in `refused`. */
export async function carryOut(
  command: IpCommand,
  steps: readonly Step[],
  refused = new Map<string, string>(),
): Promise<void> {
  for (const step of steps) {
    try {
      await command.run(step.argv);
    } catch (thrown) {
      if (step.isRemoval && isGoneAlready(thrown)) continue;
      if (isMissingDevice(thrown)) throw missingInterface(nameIn(step), thrown);
      if (!step.isOptional || !isRefusal(thrown)) throw thrown;
      const words = thrown.detail ?? thrown.message;
      refused.set(step.argv.join(' '), `left out: ip ${step.argv.join(' ')}: ${words}`);
    }
  }
}

/** The `not-found` for an interface that is gone, with what `ip` said as detail. */
export function missingInterface(name: string, cause?: unknown): AgentError {
  const words = cause instanceof AgentError ? cause.detail : undefined;
  return new AgentError('not-found', `network interface not found: ${name}`, {
    subject: { what: 'network interface', id: name },
    detail: words ?? (cause === undefined ? `no interface ${name}` : messageOf(cause)),
    cause,
  });
}

function isRefusal(thrown: unknown): thrown is AgentError {
  return thrown instanceof AgentError && thrown.kind === 'unavailable';
}

// ESRCH for routes, ENOENT for rules, EADDRNOTAVAIL for addresses, which newer kernels put in words of their own.
function isGoneAlready(thrown: unknown): boolean {
  const words = thrown instanceof AgentError ? (thrown.detail ?? '') : '';
  return /No such process|No such file or directory|Cannot assign requested address|address not found|table does not exist/i.test(
    words,
  );
}

function nameIn({ argv }: Step): string {
  return argv[argv.indexOf('dev') + 1] ?? '';
}
