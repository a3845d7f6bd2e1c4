// Where a load balancer's files lie, and how long their paths may be.

import { describe, expect, it } from '@jest/globals';
import { checkPathLengths, configFiles, haproxyPaths } from '../../../agent/haproxy/paths';
import { parseListenerUuid } from '../../../agent/model/ids';

const id = parseListenerUuid('0a000000-0000-4000-8000-000000000001');
const roots = {
  basePath: '/var/lib/octavia',
  certDir: '/var/lib/octavia/certs',
  runtimeDir: '/run/amphorad',
};

describe('paths', () => {
  it('are where controllers expect them, with our sockets in the runtime directory', () => {
    expect(haproxyPaths(roots, id)).toMatchObject({
      config: `/var/lib/octavia/${id}/haproxy.cfg`,
      pidFile: `/var/lib/octavia/${id}/${id}.pid`,
      statsSocket: `/var/lib/octavia/${id}.sock`,
      certificates: `/var/lib/octavia/certs/${id}`,
      adminSocket: `/run/amphorad/${id}/admin.sock`,
      masterSocket: `/run/amphorad/${id}/master.sock`,
    });
  });

  it('make haproxy read the text that is activated, then the overlay', () => {
    const paths = haproxyPaths(roots, id);
    expect(configFiles(paths)).toEqual([paths.live, paths.overlay]);
    expect(paths).toMatchObject({
      live: `/var/lib/octavia/${id}/live.cfg`,
      running: `/var/lib/octavia/${id}/running.cfg`,
    });
  });
});

describe('a directory too long for sockets', () => {
  const mostBase = 107 - `/${id}.sock.4194304.tmp`.length;
  const mostRuntime = 107 - `/${id}/master.sock.4194304.tmp`.length;
  const ofLength = (length: number): string => `/${'d'.repeat(length - 1)}`;

  it('is accepted to the last byte', () => {
    const changed = { basePath: ofLength(mostBase), runtimeDir: ofLength(mostRuntime) };
    expect(() => checkPathLengths({ ...roots, ...changed })).not.toThrow();
  });

  it.each([
    ['base_path', { basePath: ofLength(mostBase + 1) }, mostBase],
    ['runtime_dir', { runtimeDir: ofLength(mostRuntime + 1) }, mostRuntime],
  ])('is refused one byte later, naming %s and both figures', (key, changed, most) => {
    expect(() => checkPathLengths({ ...roots, ...changed })).toThrow(
      expect.objectContaining({
        kind: 'invalid-input',
        message: expect.stringContaining(key),
        detail: expect.stringContaining(`has ${most + 1} bytes, at most ${most} fit`),
      }),
    );
  });

  it('is measured in bytes, not letters', () => {
    expect(() => checkPathLengths({ ...roots, basePath: `/${'ü'.repeat(Math.ceil(mostBase / 2))}` })).toThrow(
      'base_path',
    );
  });
});
