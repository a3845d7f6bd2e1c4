// What `amphorad/testing` exports. The package has no other door.

export type { Amphora, Amphorae, AmphoraeOptions, AmphoraOptions, AmphoraPaths } from './amphora';
export type { Certificates, KeyPair, StoredKeyPair, ThrowAwayPki } from './certificates';
export type { Answer, CallFailed, Client, LoadBalancer, Request } from './client';
export type {
  FakeGroupState,
  FakeLoadBalancer,
  Fault,
  HowOften,
  PlannedFault,
  ServerChange,
  Traffic,
} from './fake-load-balancer';
export type {
  HealthManager,
  Heartbeat,
  HeartbeatListener,
  HeartbeatPool,
  Heartbeats,
  WaitOptions,
} from './heartbeats';
export type { LogEntry, LogLevel, LogView } from './log';
export { makePki } from './pki';
export { startAmphora, startHealthManager } from './start';
export { startAmphorae } from './start-amphorae';
