// Versions from a dpkg status file, in the shapes that deb-control(5) and dpkg(1) allow.

import { describe, expect, it } from '@jest/globals';

import type { Files } from '../../../agent/host/files';
import { AgentError } from '../../../agent/model/errors';
import { createPackageVersions } from '../../../agent/core/packages';
import { createMemoryFiles } from '../../fakes/memory-files';

const path = '/var/lib/dpkg/status';

const paragraph = (name: string, version: string, status = 'install ok installed', more = ''): string =>
  `Package: ${name}\nStatus: ${status}\nPriority: optional\nVersion: ${version}\n${more}`;

const statusText = [
  paragraph(
    'haproxy',
    '2.6.12-1+deb12u2',
    undefined,
    'Conffiles:\n /etc/haproxy/haproxy.cfg 1f2\nDescription: fast proxy\n Version: 9.9\n Package: openssl\n',
  ),
  paragraph('keepalived', '1:2.2.7-1+b2', 'hold ok installed'),
  paragraph('openssl', '3.0.1', 'deinstall ok config-files'),
  paragraph('halfway', '1.0', 'install ok half-configured'),
  'Package: openssl-provider\nStatus: install ok not-installed\n',
].join('\n');

// Counts how often the content is read, which is what costs.
const counted = (files: Files) => {
  const reads: string[] = [];
  const counting: Files = {
    ...files,
    readHostText: (wanted) => {
      reads.push(wanted);
      return files.readHostText(wanted);
    },
  };
  return { reads, files: counting };
};

describe('createPackageVersions', () => {
  it('gives the versions of installed packages, held ones included, and of no others', async () => {
    const packages = createPackageVersions(createMemoryFiles({ [path]: statusText }));
    const wanted = ['haproxy', 'keepalived', 'openssl', 'halfway', 'openssl-provider', 'absent'];
    expect([...(await packages.versions(wanted))]).toEqual([
      ['haproxy', '2.6.12-1+deb12u2'],
      ['keepalived', '1:2.2.7-1+b2'],
    ]);
  });

  it('knows no package on a machine without dpkg', async () => {
    const packages = createPackageVersions(createMemoryFiles());
    expect([...(await packages.versions(['haproxy']))]).toEqual([]);
  });

  it('parses once for many callers, at the same time and later', async () => {
    const { reads, files } = counted(createMemoryFiles({ [path]: statusText }));
    const packages = createPackageVersions(files);
    await Promise.all([packages.versions(['haproxy']), packages.versions(['keepalived'])]);
    await packages.versions(['openssl']);
    expect(reads).toEqual([path]);
  });

  it('sees an upgrade at the next call', async () => {
    const memory = createMemoryFiles({ [path]: statusText });
    const packages = createPackageVersions(memory);
    await packages.versions(['haproxy']);
    await memory.writeAtomic(path, statusText.replace('2.6.12-1+deb12u2', '2.6.12-1+deb12u3'), 0o644);
    expect((await packages.versions(['haproxy'])).get('haproxy')).toBe('2.6.12-1+deb12u3');
  });

  it('tries again after a failure', async () => {
    const memory = createMemoryFiles({ [path]: statusText });
    const packages = createPackageVersions(memory);
    memory.failNext('readHostText', new AgentError('unavailable', 'too many open files'));
    await expect(packages.versions(['haproxy'])).rejects.toMatchObject({ kind: 'unavailable' });
    expect((await packages.versions(['haproxy'])).size).toBe(1);
  });

  it('reads another file when told to', async () => {
    const packages = createPackageVersions(
      createMemoryFiles({ '/srv/status': paragraph('a', '1') }),
      '/srv/status',
    );
    expect((await packages.versions(['a'])).get('a')).toBe('1');
  });
});
