// What the maintainer scripts do on a machine that runs systemd, which no test root has: they run over a directory in
// place of /, with programs in place of systemd's that write down how they were called.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from './run.mjs';

const recorded = ['deb-systemd-helper', 'deb-systemd-invoke', 'systemctl', 'sysctl'];

/** Calls the scripts of the last package, unpacked by contentSteps, as dpkg does. */
export async function scriptSteps({ run, scratch, built }) {
  const scripts = join(scratch, `tree-${built.packages.at(-1).name}`, 'DEBIAN');
  const machine = () => {
    // The scripts know no blanks in paths, of which there are none.
    const root = mkdtempSync(join(tmpdir(), 'amphorad-machine-'));
    run.afterwards(() => rmSync(root, { recursive: true, force: true }));
    return makeMachine(root, scripts);
  };
  await run.step('the first installation starts the agent anew: that of the other package may run', () => {
    const calls = machine().call('postinst', 'configure', '');
    must(calls.includes('deb-systemd-invoke restart amphora-agent.service'), calls.join('\n'));
  });
  await run.step('an upgrade touches nothing but the agent', () => {
    const { call } = machine();
    const calls = [...call('prerm', 'upgrade', '0.2'), ...call('postinst', 'configure', '0.1')];
    must(calls.includes('deb-systemd-invoke restart amphora-agent.service'), 'the agent is the one before');
    must(!calls.some((line) => /slice|stop/.test(line)), calls.join('\n'));
  });
  await run.step('kernel settings of an operator keep their last word', () => {
    const calls = machine().call('postinst', 'configure', '0.1');
    must(!calls.some((line) => line.startsWith('sysctl ')), calls.join('\n'));
    must(calls.includes('deb-systemd-invoke restart systemd-sysctl.service'), 'none is applied');
  });
  await run.step('when one package takes the other’s place, nothing is stopped', () => {
    const { call } = machine();
    must(call('prerm', 'remove', 'in-favour', 'amphorad-bundled', '0.2').length === 0, 'something is');
  });
  await run.step('removal stops what balances, and keeps the keys that are in memory', () => {
    const calls = machine().call('prerm', 'remove');
    must(calls.includes('deb-systemd-invoke stop amphorad.slice'), calls.join('\n'));
    must(!calls.some((line) => line.includes('certs.mount')), calls.join('\n'));
  });
  await run.step('purging takes nothing from an agent of Octavia’s that has come back', () => {
    for (const program of ['/usr/bin/amphora-agent', '/usr/local/bin/amphora-agent']) {
      const { call, at } = machine();
      writeFileSync(at(program), '');
      call('postrm', 'purge');
      must(existsSync(at('/var/lib/octavia/state')), `${program}: the state is gone`);
    }
  });
  await run.step('purging comes to its end though certificates are still open', () => {
    const { call, at } = machine();
    writeFileSync(at('/mounted'), '');
    const calls = call('postrm', 'purge');
    must(
      calls.some((line) => line.startsWith('umount --lazy ')),
      calls.join('\n'),
    );
    must(!existsSync(at('/var/lib/octavia')), 'the state is still there');
  });
}

function makeMachine(root, scripts) {
  const at = (path) => join(root, path);
  for (const path of [
    'run/systemd/system',
    'usr/bin',
    'usr/local/bin',
    'usr/lib',
    'var/lib/octavia/certs',
    'etc/octavia',
    'bin',
  ])
    mkdirSync(at(path), { recursive: true });
  writeFileSync(at('var/lib/octavia/state'), '');
  const log = at('calls');
  const program = (name, text) => {
    writeFileSync(at(`bin/${name}`), `#!/bin/sh\n${text}\n`);
    chmodSync(at(`bin/${name}`), 0o755);
  };
  const record = `printf '%s %s\\n' "\${0##*/}" "$*" >>'${log}'`;
  for (const name of recorded) program(name, record);
  program('mountpoint', `[ -e '${at('mounted')}' ]`);
  // Busy: it goes only lazily.
  program('umount', `${record}\n[ "$1" = --lazy ] && rm '${at('mounted')}'`);
  const environment = { PATH: `${at('bin')}:/usr/sbin:/usr/bin:/sbin:/bin` };
  return {
    at,
    /** Runs a script; gives what it has called. */
    call(script, ...words) {
      rmSync(log, { force: true });
      const text = readFileSync(join(scripts, script), 'utf8');
      const moved = text
        .replace(/(?<=^|[\s"'=])\/(?=(?:etc|run|usr|var)\/)/gm, `${root}/`)
        .replace(/^#!.*/, '');
      const { status, stderr } = spawnSync('sh', ['-c', moved, script, ...words], {
        env: environment,
        encoding: 'utf8',
      });
      must(status === 0, `${script} ${words.join(' ')}: status ${status}: ${stderr}`);
      return existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : [];
    },
  };
}
