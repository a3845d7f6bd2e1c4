import { describe, expect, it } from '@jest/globals';
import { createTopologyReader } from '../../../agent/core/topology';

describe('the configured topology', () => {
  it('of a single amphora is active', () => {
    expect(createTopologyReader(() => 'SINGLE').state()).toEqual({
      topology: 'SINGLE',
      role: 'ACTIVE',
      haIp: '',
      inTransition: false,
    });
  });

  it('of half a pair stands by as long as nothing gives it the VIP', () => {
    expect(createTopologyReader(() => 'ACTIVE_STANDBY').state()).toMatchObject({
      topology: 'ACTIVE-STANDBY',
      role: 'STANDBY',
      inTransition: false,
    });
  });
});
