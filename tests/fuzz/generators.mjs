// All generators, in the order in which a round runs them. A generator is {name, share, atOnce, prepare(world)?,
// make(random, world), run(made, world)}: `make` draws a case, whose `input` is what a failure shows, and `run` resolves
// with {outcome, faults}. One with `isPure` runs in a process of its own, without an agent.
import { agentConfText } from './generators/agent-conf-text.mjs';
import { agentConf } from './generators/agent-conf.mjs';
import { answersText } from './generators/answers-text.mjs';
import { configurationText } from './generators/configuration-text.mjs';
import { configuration } from './generators/configuration.mjs';
import { http } from './generators/http.mjs';
import { pemText } from './generators/pem-text.mjs';
import { pem } from './generators/pem.mjs';
import { routes } from './generators/routes.mjs';
import { state } from './generators/state.mjs';
import { tcp } from './generators/tcp.mjs';
import { tls } from './generators/tls.mjs';

/** The generators. */
export const generators = [
  tcp,
  tls,
  http,
  routes,
  pem,
  configuration,
  agentConf,
  state,
  configurationText,
  pemText,
  agentConfText,
  answersText,
];
