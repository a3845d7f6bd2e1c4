// The house keeps its plan: floors, rooms, who may touch the world, file sizes and names (DESIGN: "Who may import whom").

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { rooms } from './architecture/plan';
import { violationsOf } from './architecture/rules';

const agent = join(__dirname, '..', 'agent');
const sources = (readdirSync(agent, { recursive: true }) as string[])
  .filter((path) => path.endsWith('.ts') && !path.startsWith('generated'))
  .sort();

describe('the house', () => {
  it.each(sources)('keeps its plan: agent/%s', (path) => {
    expect(violationsOf(path, readFileSync(join(agent, path), 'utf8'))).toEqual([]);
  });

  it('gives every ban a reason', () => {
    for (const room of Object.values(rooms)) expect(room.reason).toMatch(/\w+ \w+/);
  });
});

describe('a violation planted on purpose is caught, with its reason', () => {
  const file = (line: string): string => `${line}\nexport const x = 1;\n`;
  it.each([
    [
      'a trade that walks up',
      'haproxy/check.ts',
      file("import { createApply } from '../core/apply';"),
      /up to floor 3/,
    ],
    [
      'a dialect that opens the door to another',
      'surfaces/octavia-v1.0/wire.ts',
      file("import { infoBody } from '../octavia-v0.1/wire';"),
      /never another dialect/,
    ],
    [
      'a trade beside its trade',
      'network/ip.ts',
      file("import { readBundle } from '../pki/bundle';"),
      /only boot\/ joins trades/,
    ],
    [
      'a real host outside boot',
      'core/details.ts',
      file("import { createNodeFiles } from '../host/node/files';"),
      /no real host/,
    ],
    [
      'a program started in the core',
      'core/apply.ts',
      file("import { spawn } from 'node:child_process';"),
      /imports node:child_process/,
    ],
    [
      'a file read in a trade',
      'haproxy/paths.ts',
      file("import { readFileSync } from 'node:fs';"),
      /imports node:fs/,
    ],
    [
      'the ground floor that imports',
      'model/errors.ts',
      file("import { join } from 'node:path';"),
      /imports nothing/,
    ],
    [
      'Express below the HTTP floor',
      'core/details.ts',
      file("import express from 'express';"),
      /knows no wire/,
    ],
    [
      'configuration read by the core',
      'core/details.ts',
      file("import { options } from '../config/options';"),
      /configuration file/,
    ],
    [
      'forge fed with what came from outside',
      'pki/bundle.ts',
      file("const forge = await import('node-forge');"),
      /imports node-forge/,
    ],
    [
      'a slow library loaded at once',
      'boot/main.ts',
      file("import si from 'systeminformation';"),
      /on first use/,
    ],
    ['a file too long', 'model/errors.ts', '\n'.repeat(251), /251 lines/],
    ['a file named after nothing', 'core/utils.ts', file(''), /named after the one thing/],
    ['a default export', 'model/errors.ts', file('export default 1;'), /no default exports/],
    ['a room that is not in the plan', 'magic/spell.ts', file(''), /no such room/],
  ])('%s', (_what, path, source, reason) => {
    expect(violationsOf(path, source).join('\n')).toMatch(reason);
  });
});
