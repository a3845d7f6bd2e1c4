// /proc text captured from Debian 12 (Linux 6.18, and the shapes of older and larger machines).

import { describe, expect, it } from '@jest/globals';

import { describeMachine } from '../../../agent/host/node/inventory';
import { parseCpuTimes, parseLoad, parseMemory, parseTraffic } from '../../../agent/host/node/proc';

const stat = `cpu  3153 5 1644 125425 335 2 72 10 40 1
cpu0 1100 0 549 63655 9 0 28 3 0 0
cpu1 2053 0 1095 61770 325 0 43 7 0 0
intr 301377 0 9
ctxt 602345
btime 1795250000
`;

const meminfo = `MemTotal:       24684084 kB
MemFree:        24289092 kB
MemAvailable:   24344300 kB
Buffers:            7272 kB
Cached:           226008 kB
SwapCached:            0 kB
Active(anon):       1544 kB
SwapTotal:       2097148 kB
SwapFree:        2000000 kB
Shmem:              8872 kB
Slab:              94244 kB
CommitLimit:    12342040 kB
Committed_AS:      62828 kB
HugePages_Total:       0
Hugepagesize:       2048 kB
`;

const netDev = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    3193      29    0    0    0     0          0         0     3193      29    0    0    0     0       0          0
  eth0:179129950    6389    0    0    0     0          0         0   784227    4452    0    0    0     0       0          0
eth1.100: 9007199254740 1 0 0 0 0 0 0 12 1 0 0 0 0 0 0
`;

describe('parseCpuTimes', () => {
  it('sums the parts without counting guests twice', () => {
    expect(parseCpuTimes(stat)).toEqual({
      user: 3153,
      nice: 5,
      system: 1644,
      idle: 125425,
      iowait: 335,
      irq: 2,
      softIrq: 72,
      steal: 10,
      total: 130646,
    });
  });

  it('takes fields that an old kernel does not have for zero', () => {
    expect(parseCpuTimes('cpu  1 2 3 4\n')).toMatchObject({ iowait: 0, steal: 0, total: 10 });
  });

  it.each(['', 'cpu0 1 2 3 4 5 6 7 8\n', 'cpu  1 2 x\n'])('refuses %j', (text) => {
    expect(() => parseCpuTimes(text)).toThrow('cannot make sense of /proc/stat');
  });
});

describe('parseMemory', () => {
  it('gives kilobytes, with swap as what is in use', () => {
    expect(parseMemory(meminfo)).toEqual({
      total: 24684084,
      free: 24289092,
      available: 24344300,
      buffers: 7272,
      cached: 226008,
      swapUsed: 97148,
      shared: 8872,
      slab: 94244,
      committedAs: 62828,
    });
  });

  it('names the line that is missing', () => {
    expect(() => parseMemory(meminfo.replace('Slab', 'Slob'))).toThrow(
      expect.objectContaining({ kind: 'unavailable', detail: 'no line Slab' }),
    );
  });
});

describe('parseLoad', () => {
  it('gives the three averages and not the process counts', () => {
    expect(parseLoad('0.20 1.10 22.02 1/88 4705\n')).toEqual([0.2, 1.1, 22.02]);
  });

  it('refuses text without them', () => {
    expect(() => parseLoad('0.20 1/88\n')).toThrow('cannot make sense of /proc/loadavg');
  });
});

describe('parseTraffic', () => {
  it('gives bytes both ways, also where a counter touches the colon', () => {
    expect(parseTraffic(netDev)).toEqual([
      { name: 'lo', received: 3193, sent: 3193 },
      { name: 'eth0', received: 179129950, sent: 784227 },
      { name: 'eth1.100', received: 9007199254740, sent: 12 },
    ]);
  });

  it('refuses a line that is cut off', () => {
    expect(() => parseTraffic('  eth0: 1 2 3\n')).toThrow('cannot make sense of /proc/net/dev');
  });
});

describe('describeMachine', () => {
  const sources = {
    os: { distro: 'Debian GNU/Linux', release: '12', kernel: '6.1.0', arch: 'x64' },
    cpu: { manufacturer: 'Intel', brand: 'Xeon', cores: 2 },
    memory: { total: 25276502016 },
    machine: { virtual: true, virtualHost: 'KVM' },
  };

  it('says in words what the machine is', () => {
    expect(describeMachine(sources)).toEqual({
      distribution: 'Debian GNU/Linux 12',
      kernel: '6.1.0',
      architecture: 'x64',
      virtualisation: 'KVM',
      cpuModel: 'Intel Xeon',
      cpuCount: 2,
      memoryKb: 24684084,
    });
  });

  it('says unknown where the machine does not tell, and none on bare metal', () => {
    const silent = { ...sources, cpu: { manufacturer: '', brand: '', cores: 1 } };
    expect(describeMachine({ ...silent, machine: { virtual: true } })).toMatchObject({
      virtualisation: 'unknown',
      cpuModel: 'unknown',
    });
    expect(describeMachine({ ...sources, machine: { virtual: false } }).virtualisation).toBe('none');
  });
});
