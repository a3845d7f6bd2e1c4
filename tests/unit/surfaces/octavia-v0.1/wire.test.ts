// v0.1's JSON, as contract/amphora-v0.1.md spells it.

import { describe, expect, it } from '@jest/globals';
import type { AmphoraDetails } from '../../../../agent/core/details';
import { parseAmphoraId, parseListenerUuid } from '../../../../agent/model/ids';
import {
  detailsBody,
  infoBody,
  listenerBody,
  parseAction,
  poolBody,
  startedDetails,
  topologyBody,
} from '../../../../agent/surfaces/octavia-v0.1/wire';

const id = parseListenerUuid('0a000000-0000-4000-8000-000000000001');
const identity = {
  hostname: 'amphora-1',
  amphoraId: parseAmphoraId('7ee0a8b5-5c4c-4b2a-9d2c-8f0c8a4b1f11'),
  haproxyVersion: '2.6.12',
  keepalivedVersion: undefined,
  ipvsadmVersion: undefined,
};
const topology = {
  topology: 'SINGLE',
  role: 'ACTIVE',
  isActive: true,
  haIp: '',
  inTransition: false,
} as const;
const details: AmphoraDetails = {
  ...identity,
  networks: [{ name: 'eth1', sent: 1, received: 2 }],
  traffic: [{ name: 'eth1', sent: 100, received: 200 }],
  haproxyCount: 3,
  cpu: { total: 0.5, user: 0.3, system: 0.1, softIrq: 0.05 },
  cpuTimes: { user: 3, nice: 0, system: 1, idle: 5, iowait: 0, irq: 0, softIrq: 1, steal: 0, total: 10 },
  cpuCount: 2,
  memory: {
    total: 1,
    free: 2,
    available: 3,
    buffers: 4,
    cached: 5,
    swapUsed: 6,
    shared: 7,
    slab: 8,
    committedAs: 9,
  },
  disk: { usedKb: 10, availableKb: 11 },
  load: [0.1, 0.2, 0.3],
  packages: [
    { name: 'haproxy', version: '2.6.12' },
    { name: 'openssl', version: '3.0' },
  ],
  loadBalancers: [id],
};

describe('info and details', () => {
  it('tell who the amphora is', () => {
    expect(infoBody(identity)).toEqual({
      hostname: 'amphora-1',
      uuid: identity.amphoraId,
      haproxy_version: '2.6.12',
      api_version: '0.1',
    });
  });

  it('tell how it does, under the names of the contract', () => {
    expect(detailsBody(details, topology)).toEqual({
      hostname: 'amphora-1',
      uuid: identity.amphoraId,
      haproxy_version: '2.6.12',
      api_version: '0.1',
      networks: { eth1: { network_tx: 1, network_rx: 2 } },
      active: true,
      haproxy_count: 3,
      cpu: { total: 0.5, user: 0.3, system: 0.1, soft_irq: 0.05 },
      memory: {
        total: 1,
        free: 2,
        available: 3,
        buffers: 4,
        cached: 5,
        swap_used: 6,
        shared: 7,
        slab: 8,
        committed_as: 9,
      },
      disk: { used: 10, available: 11 },
      load: [0.1, 0.2, 0.3],
      topology: 'SINGLE',
      topology_status: 'OK',
      listeners: [id],
      packages: [{ haproxy: '2.6.12' }, { openssl: '3.0' }],
    });
  });

  it('tell of a stand-by and of a transition', () => {
    const standby = {
      topology: 'ACTIVE-STANDBY',
      role: 'STANDBY',
      isActive: false,
      haIp: '10.0.0.5',
      inTransition: true,
      error: 'it was not reached',
      note: 'the secret is no security',
    } as const;
    expect(detailsBody(details, standby)).toMatchObject({
      active: false,
      topology: 'ACTIVE-STANDBY',
      topology_status: 'TOPOLOGY-CHANGE',
      topology_error: 'it was not reached',
      topology_note: 'the secret is no security',
    });
    expect(topologyBody(identity, standby)).toEqual({
      hostname: 'amphora-1',
      uuid: identity.amphoraId,
      topology: 'ACTIVE-STANDBY',
      role: 'STANDBY',
      ha_ip: '10.0.0.5',
    });
  });
});

describe('listeners', () => {
  it.each([
    ['running', 'ACTIVE'],
    ['stopped', 'STOPPED'],
    ['error', 'ERROR'],
  ] as const)('that are %s read %s', (status, word) => {
    expect(listenerBody({ id, status, type: 'TERMINATED_HTTPS' })).toEqual({
      status: word,
      uuid: id,
      type: 'TERMINATED_HTTPS',
    });
  });

  it('have pools with one object a member', () => {
    const members = [
      { name: 'm1', status: 'UP' },
      { name: 'm2', status: 'DOWN' },
    ] as const;
    expect(poolBody({ name: 'p', status: 'DEGRADED', members })).toEqual({
      uuid: 'p',
      status: 'DEGRADED',
      members: [{ m1: 'UP' }, { m2: 'DOWN' }],
    });
  });

  it('that were started tell their pid in the words that controllers look for', () => {
    expect(startedDetails(id, 42)).toBe(
      `Configuration file is valid\nhaproxy daemon for ${id} started (pid 42)`,
    );
  });
});

describe('an action', () => {
  it.each(['start', 'stop', 'reload'] as const)('may be %s', (action) => {
    expect(parseAction(action)).toBe(action);
  });

  it.each([
    ['dance', 'Unknown action: dance'],
    ['START', 'Unknown action: START'],
    ['', 'Unknown action: ""'],
    ['a\nb', String.raw`Unknown action: "a\nb"`],
  ])('may not be %j', (text, detail) => {
    expect(() => parseAction(text)).toThrow(
      expect.objectContaining({ kind: 'invalid-input', message: 'Invalid Request', detail }),
    );
  });
});
