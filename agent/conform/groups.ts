// Every group, in the order in which they are run.

import type { Group } from './case';
import { heartbeatGroup } from './groups/heartbeat';
import { agentConfiguration, rotation } from './groups/own';
import { oldAmphora, oldTransport } from './groups/v0.1-amphora';
import { oldCertificates } from './groups/v0.1-certificates';
import { oldLife } from './groups/v0.1-listeners';
import { oldNetwork, oldNetworkRefusals } from './groups/v0.1-network';
import { amphora } from './groups/v1.0-amphora';
import { certificates } from './groups/v1.0-certificates';
import { configuration } from './groups/v1.0-configuration';
import { life } from './groups/v1.0-life';
import { network, networkRefusals } from './groups/v1.0-network';
import { transport } from './groups/v1.0-transport';
import { udp } from './groups/v1.0-udp';
import { vrrpLife } from './groups/vrrp';

export const groups: readonly Group[] = [
  oldTransport,
  oldAmphora,
  heartbeatGroup('v0.1'),
  oldLife,
  oldCertificates,
  oldNetworkRefusals,
  oldNetwork,
  vrrpLife('v0.1'),
  rotation('v0.1'),
  transport,
  amphora,
  heartbeatGroup('1.0'),
  configuration,
  life,
  certificates,
  udp,
  networkRefusals,
  network,
  vrrpLife('1.0'),
  agentConfiguration,
  rotation('1.0'),
];
