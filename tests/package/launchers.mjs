// The launchers find their program wherever they lie and by whatever name they are called.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { must } from './run.mjs';

/** Starts the launchers out of a directory with a blank in its name, over links. */
export async function launcherSteps({ run, repository, scratch, built }) {
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
  for (const { name } of built.packages) {
    const home = join(scratch, `a place for ${name}`);
    cpSync(join(scratch, `tree-${name}`, 'usr'), join(home, 'usr'), {
      recursive: true,
      verbatimSymlinks: true,
    });
    const bin = join(home, 'some bin');
    mkdirSync(bin);
    symlinkSync(join(home, 'usr/bin/amphorad'), join(bin, 'absolute link'));
    symlinkSync('absolute link', join(bin, 'amphorad'));
    const directory = join(home, 'a linked directory');
    symlinkSync(join(home, 'usr/lib/amphorad'), directory);
    const says = (program, args, options = {}) =>
      must(
        execFileSync(program, args, { encoding: 'utf8', cwd: '/', ...options }).startsWith(
          `amphorad ${version} (`,
        ),
        `${program} says something else`,
      );
    await run.step(`${name}: its launchers work from paths with blanks, over links and from PATH`, () => {
      says(join(home, 'usr/lib/amphorad/amphorad'), ['version']);
      says(join(home, 'usr/bin/amphora-agent'), ['version']);
      says(join(bin, 'absolute link'), ['version']);
      says(join(bin, 'amphorad'), ['version']);
      says(join(directory, 'amphorad'), ['version']);
      says('./amphorad', ['version'], { cwd: bin });
      says('amphorad', ['version'], { env: { PATH: `${bin}:${process.env.PATH}` } });
    });
  }
}
