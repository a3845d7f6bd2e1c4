// What an upload of Octavia's 1.0 dialect is before the door takes it: its `group` lines, and the amphora's peer name.

import { describe, expect, it } from '@jest/globals';
import { withoutGroupLines } from '../../../agent/core/group-lines';
import { peerNameIn, peerNameOf } from '../../../agent/core/peer-name';

describe('the peer name of an amphora', () => {
  // Made with octavia.common.utils.base64_sha1_string() of python3-octavia 11, padding stripped.
  it.each([
    ['3a7e4b52-9d0c-4f15-8b6e-2c1d5e9f7a01', 'ilhRFPMD8B1oH6kFndhTnfYXRbQ'],
    ['amphora', 'x1usv4zpgXFMjzxcSpIOPMC83gA'],
    ['amphora-2', 'E9xHmLhdpfSeooD3UPrBhh_vjvk'],
    ['amphora-5', 'xPpKAXOoZKcGwWqOxr7FXpssC9M'],
    ['amphora-13', 'sZdrikXi-wKKAO1JVX9OPg59gbQ'],
  ])('%s is %s', (id, name) => {
    expect(peerNameOf(id)).toBe(name);
  });

  it('in a configuration is whichever of its names stands among the peers, else its id', () => {
    const id = 'amphora-1';
    const peers = `peers p\n    peer ${peerNameOf(id)} 192.0.2.1:1025\n`;
    expect(peerNameIn(peers, id)).toBe(peerNameOf(id));
    expect(peerNameIn(`peers p\n    peer ${id} 192.0.2.1:1025\n`, id)).toBe(id);
    expect(peerNameIn('listen a\n bind :80\n', id)).toBe(id);
  });
});

describe('group lines', () => {
  it('of global are taken out, however they are written; all else stays byte for byte', () => {
    const text = 'global\n    daemon\n    group nogroup\n\t"group"  x # y\n\ndefaults\n  mode http\r\n';
    expect(withoutGroupLines(text)).toBe('global\n    daemon\n\ndefaults\n  mode http\r\n');
  });

  it.each(['userlist u\n  group g users a\n', 'backend b\n  # group x\n', 'global\n  log /dev/log local0\n'])(
    'elsewhere, and other words, stay: %j',
    (text) => {
      expect(withoutGroupLines(text)).toBe(text);
    },
  );
});
