// Every scenario, in the order of a run. `bound` has what an outage may last; `stays` is for those that no request of the
// client may notice; `prepare` and `finish` are around all runs of one.
import { agentKilled, agentRestarted } from './scenarios/agent-ended.mjs';
import { forceFail } from './scenarios/force-fail.mjs';
import { haproxyHung } from './scenarios/haproxy-hung.mjs';
import { haproxyKilled } from './scenarios/haproxy-killed.mjs';
import { haproxyKilledWithoutAgent } from './scenarios/haproxy-killed-without-agent.mjs';
import { hostGone, hostGoneSubSecond } from './scenarios/host-gone.mjs';
import { keepalivedKilled } from './scenarios/keepalived-killed.mjs';
import { keepalivedStopped } from './scenarios/keepalived-stopped.mjs';
import { linksDown, partition } from './scenarios/links.mjs';
import { networkRestored } from './scenarios/network-restored.mjs';
import { powerCut, reboot, rebootWithLatePorts } from './scenarios/reboot.mjs';
import { brokenUpload, forbiddenUpload } from './scenarios/refused-uploads.mjs';

export const scenarios = [
  haproxyKilled,
  haproxyKilledWithoutAgent,
  haproxyHung,
  keepalivedStopped,
  keepalivedKilled,
  hostGone,
  hostGoneSubSecond,
  linksDown,
  partition,
  forceFail,
  agentKilled,
  agentRestarted,
  brokenUpload,
  forbiddenUpload,
  networkRestored,
  reboot,
  rebootWithLatePorts,
  powerCut,
];
