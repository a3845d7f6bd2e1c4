// `--fake-haproxy`: the agent as it is, over a host whose haproxy is a fake in this process. The fake belongs to the harness
// kit and is loaded only when it is asked for.

import type { Config } from '../config/options';
import type { AgentOptions } from './agent';
import type { AgentHost } from './wire-host';

/** What an agent with a fake haproxy gets beside its host. */
export interface FakeMachine {
  /** The configuration in force: no namespace, no process manager but the agent itself. */
  readonly settle: (config: Config) => Config;
  readonly furtherDialects: NonNullable<AgentOptions['furtherDialects']>;
}

export interface Machine {
  readonly host: AgentHost;
  /** Undefined: its haproxy is the real one. */
  readonly fake: FakeMachine | undefined;
}

/** The machine that a command runs on: the real one, or the same with a fake haproxy. */
export async function machineOf(
  { fakeHaproxy }: { readonly fakeHaproxy: boolean },
  host: AgentHost,
): Promise<Machine> {
  if (!fakeHaproxy) return { host, fake: undefined };
  const [{ createFakeHost, withFakeHaproxy }, { fakeHaproxyDialect }] = await Promise.all([
    import('../testing/fake-haproxy/fake-host.js'),
    import('../testing/fake-haproxy/dialect.js'),
  ]);
  const { host: fakeHost, haproxy } = createFakeHost(host);
  return { host: fakeHost, fake: { settle: withFakeHaproxy, furtherDialects: fakeHaproxyDialect(haproxy) } };
}
