// The JSON of Octavia's 1.0 API, as contract/octavia-1.0.md spells it.

import { describe, expect, it } from '@jest/globals';
import type { AmphoraDetails } from '../../../../agent/core/details';
import { AgentError } from '../../../../agent/model/errors';
import { parseAmphoraId } from '../../../../agent/model/ids';
import {
  amphoraIdOf,
  configFailure,
  detailsBody,
  doneDetails,
  infoBody,
  knownId,
  listenerBody,
  parseAction,
  stopFailure,
  udpDoneDetails,
  udpFailure,
} from '../../../../agent/surfaces/octavia-v1.0/wire';

const identity = {
  hostname: 'amphora-1',
  amphoraId: parseAmphoraId('7ee0a8b5-5c4c-4b2a-9d2c-8f0c8a4b1f11'),
  haproxyVersion: '2.6.12-1+deb12u4',
  keepalivedVersion: '1:2.2.7-1+b2',
  ipvsadmVersion: undefined,
};
const details: AmphoraDetails = {
  ...identity,
  networks: [{ name: 'eth1', sent: 1, received: 2 }],
  traffic: [
    { name: 'eth1', sent: 1_000, received: 2_000 },
    { name: 'o-hm0', sent: 5, received: 6 },
  ],
  haproxyCount: 3,
  cpu: { total: 0.5, user: 0.3, system: 0.1, softIrq: 0.05 },
  cpuTimes: { user: 30, nice: 1, system: 20, idle: 50, iowait: 2, irq: 3, softIrq: 4, steal: 5, total: 115 },
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
  load: [0.1, 2, 30.25],
  packages: [{ name: 'haproxy', version: '2.6.12' }],
  loadBalancers: [],
};

describe('info and details', () => {
  it('tell the versions of the packages; one that is not installed is empty', () => {
    expect(infoBody(identity)).toEqual({
      hostname: 'amphora-1',
      haproxy_version: '2.6.12-1+deb12u4',
      api_version: '1.0',
      keepalived_version: '1:2.2.7-1+b2',
      ipvsadm_version: '',
    });
  });

  it('tell all of the contract: totals of eth*, jiffies and loads as strings, bytes of disk', () => {
    expect(detailsBody(details, { ids: ['f1', 'u1'], runningUdp: 1 })).toEqual({
      hostname: 'amphora-1',
      haproxy_version: '2.6.12-1+deb12u4',
      api_version: '1.0',
      networks: { eth1: { network_tx: 1_000, network_rx: 2_000 } },
      active: true,
      haproxy_count: 3,
      cpu_count: 2,
      cpu: { total: 115, user: '30', system: '20', soft_irq: '4' },
      memory: { total: 1, free: 2, buffers: 4, cached: 5, swap_used: 6, shared: 7, slab: 8 },
      disk: { used: 10_240, available: 11_264 },
      load: ['0.10', '2.00', '30.25'],
      active_tuned_profiles: '',
      topology: 'SINGLE',
      topology_status: 'OK',
      listeners: ['f1', 'u1'],
      packages: {},
      lvs_listener_process_count: 1,
      keepalived_version: '1:2.2.7-1+b2',
      ipvsadm_version: '',
    });
  });
});

describe('a listener', () => {
  it('is ACTIVE while it runs, and OFFLINE when it does not', () => {
    expect(listenerBody({ id: 'f', type: 'HTTP', isRunning: true })).toEqual({
      status: 'ACTIVE',
      uuid: 'f',
      type: 'HTTP',
    });
    expect(listenerBody({ id: 'u', type: 'UDP', isRunning: false })).toMatchObject({ status: 'OFFLINE' });
  });
});

describe('an action', () => {
  it.each([
    ['start', 'start'],
    ['RELOAD', 'reload'],
    ['Stop', 'stop'],
  ])('%s is %s', (text, action) => {
    expect(parseAction(text)).toBe(action);
  });

  it.each([
    ['Restart', 'Unknown action: restart'],
    ['a b', 'Unknown action: "a b"'],
    ['__proto__', 'Unknown action: __proto__'],
  ])('%s is none', (text, detail) => {
    expect(() => parseAction(text)).toThrow(
      expect.objectContaining({ kind: 'invalid-input', message: 'Invalid Request', detail }),
    );
  });

  it('is told of in Octavia’s words when it is done', () => {
    const started = 'Configuration file is valid\nhaproxy daemon for x started';
    expect(doneDetails('start', 'x', true)).toBe(started);
    expect(doneDetails('start', 'x', false)).toBe(started);
    expect(doneDetails('reload', 'x', true)).toBe(started);
    expect(doneDetails('reload', 'x', false)).toBe('Listener x reloaded');
    expect(doneDetails('stop', 'x', false)).toBe('Listener x stoped');
    expect(udpDoneDetails('start', 'u')).toBe('keepalivedlvs listener u started');
    expect(udpDoneDetails('reload', 'u')).toBe('keepalivedlvs listener u restarted');
    expect(udpDoneDetails('stop', 'u')).toBe('keepalivedlvs listener u stoped');
  });

  it('is told of in Octavia’s words when it failed', () => {
    const failure = new AgentError('reload-failed', 'Error stopping haproxy', { detail: 'it hangs' });
    expect(stopFailure(failure)).toMatchObject({ message: 'Error stoping haproxy', detail: 'it hangs' });
    const missing = new AgentError('not-found', 'no');
    expect(stopFailure(missing)).toBe(missing);
    expect(udpFailure(missing, 'start', 'u')).toBe(missing);
    expect(udpFailure(new AgentError('unavailable', 'no ip_vs'), 'start', 'u')).toMatchObject({
      kind: 'reload-failed',
      message: 'Failed to start keepalivedlvs listener u',
      detail: 'no ip_vs',
    });
  });
});

describe('an agent.conf that is not taken', () => {
  it.each([
    ['invalid-input', 'invalid-input'],
    ['config-rejected', 'invalid-input'],
    ['too-large', 'invalid-input'],
    ['no-space', 'reload-failed'],
    ['unavailable', 'reload-failed'],
  ] as const)('because of %s is %s, with the one message', (kind, expected) => {
    expect(configFailure(new AgentError(kind, 'why', { detail: 'line 3' }))).toMatchObject({
      kind: expected,
      message: 'Unable to update amphora-agent configuration.',
      detail: 'line 3',
    });
  });
});

describe('an id', () => {
  it('of what is asked for may be any text: what can be no id is not there', () => {
    expect(knownId('lb-1')).toBe('lb-1');
    expect(() => knownId('a b')).toThrow(
      expect.objectContaining({ kind: 'not-found', subject: { what: 'load balancer', id: 'a b' } }),
    );
    expect(() => knownId('certs', 'UDP listener')).toThrow(expect.objectContaining({ kind: 'not-found' }));
  });

  it('of an amphora is a plain one', () => {
    expect(amphoraIdOf('amphora_1.x')).toBe('amphora_1.x');
    for (const text of ['', '.x', 'a b', 'x'.repeat(65)]) {
      expect(() => amphoraIdOf(text)).toThrow(expect.objectContaining({ kind: 'invalid-input' }));
    }
  });
});
