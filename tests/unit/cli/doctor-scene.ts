// A machine of fakes for the doctor: all is well on it until a test says otherwise.

import { createReadTemplates } from '../../../agent/boot/templates';
import { runDoctor } from '../../../agent/cli/doctor';
import { version } from '../../../agent/generated/version';
import { createHandClock } from '../../fakes/hand-clock';
import { createLiteralSystem } from '../../fakes/literal-system';
import { createMemoryFiles } from '../../fakes/memory-files';
import { createScriptedLocalHttp } from '../../fakes/scripted-local-http';
import { createScriptedLocalServers } from '../../fakes/scripted-local-servers';
import { createScriptedRunner } from '../../fakes/scripted-runner';
import { pkiFixture as fixture } from '../../fixtures/pki/fixture';

export const id = '0a000000-0000-4000-8000-000000000001';
const conf = `[amphora_agent]
amphora_id = 7ee0a8b5-5c4c-4b2a-9d2c-8f0c8a4b1f11
agent_server_cert = /pki/server.pem
agent_server_ca = /pki/ca.pem
`;
export const limits = (hard: string): string =>
  `Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 ${hard}              files\n`;

/** Without an agent. */
export const well = (local = '[amphorad]\nnetwork_namespace =\n') => {
  const files = createMemoryFiles({
    '/etc/agent.conf': conf,
    '/etc/local.conf': local,
    '/pki/server.pem': fixture('ec.key') + fixture('ec.crt') + fixture('intermediate.crt'),
    '/pki/ca.pem': fixture('root.crt'),
    '/var/lib/octavia/certs/': '',
    [`/var/lib/octavia/${id}/haproxy.cfg`]: '',
    '/proc/self/limits': limits('1048576'),
    '/proc/77/limits': limits('1048576'),
  });
  let listening = '';
  const runner = createScriptedRunner([
    { match: /haproxy -v$/, result: { stdout: 'HAProxy version 2.6.12-1 2023\n' } },
    { match: /haproxy -vv$/, result: { stdout: 'Feature list : +OPENSSL +PROMEX -QUIC +THREAD\n' } },
    { match: /^timedatectl /, result: { stdout: 'yes\n' } },
    { match: /^chronyc /, cannotStart: 'ENOENT' },
    { match: /^ss -H/, result: () => ({ stdout: listening }) },
  ]);
  const host = {
    files,
    runner,
    system: createLiteralSystem(),
    clock: createHandClock(Date.UTC(2026, 0, 15)),
    localServers: createScriptedLocalServers(),
    localHttp: createScriptedLocalHttp(),
    readTemplates: createReadTemplates(files),
  };
  const listen = (lines: string): void => void (listening = lines);
  const say = (report: object): Promise<unknown> => {
    listen('LISTEN 0 9 *:9443 *:* users:(("amphorad",pid=77,fd=9))\n');
    host.localHttp.listen('/var/lib/octavia/agent.sock', () => ({ json: report }));
    return Promise.resolve();
  };
  const sources = {
    configFiles: ['/etc/agent.conf'],
    configDirs: [],
    localFiles: [{ path: '/etc/local.conf', required: true }],
    environment: {},
  };
  return {
    ...host,
    say,
    listen,
    run: (json = false, fix = false) => runDoctor({ sources, json, fix }, host),
  };
};
/** With one, pid 77. */
export const answering = async (local?: string) => {
  const machine = well(local);
  await machine.say({ pid: 77, version, findings: [] });
  return machine;
};
export type Machine = Awaited<ReturnType<typeof answering>>;
