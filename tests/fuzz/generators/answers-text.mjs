// In-process: what haproxy, ss and the disk answer, and names that come from the wire. Only an AgentError may be thrown.
import { hostileJson } from '../json-text.mjs';
import { mutateBytes } from '../mutate.mjs';

const uuid = '7d1f0a52-6d6f-4c6c-9b0a-2f6a3f3b8a11';
const stat =
  '# pxname,svname,qcur,qmax,scur,status,type,addr\nfront,FRONTEND,,,0,OPEN,0,\npool-1,"a ""b"", c",0,0,0,UP 1/3,2,127.0.0.1:80\npool-1,BACKEND,0,0,0,UP,1,\n';
const proc =
  '#<PID>          <type>          <reloads>       <uptime>        <version>\n4000            master          3 [failed: 1]   0d00h00m10s     2.6.12\n# workers\n4001            worker          0               0d00h00m10s     2.6.12\n# old workers\n3990            worker          1               0d00h10m10s     2.6.12\n# programs\n';
const servers =
  '1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_port\n3 pool-1 1 member-1 127.0.0.1 2 0 1 1 80\n';
const ss =
  'LISTEN 0 4096 127.0.0.1:80 0.0.0.0:* users:(("haproxy",pid=41,fd=6),("haproxy",pid=40,fd=6))\nLISTEN 0 4096 *:9443 *:*\nLISTEN 0 128 [fe80::1]%eth0:22 [::]:*\n';
const state = JSON.stringify({
  schema: 1,
  owner: 'octavia-v0.1',
  peer: 'p',
  desired: 'running',
  process: { pid: 4000, startTicks: '12345', bootId: uuid },
  running: { text: 'a', overlay: 'b', peer: 'p', binary: 'c', files: { '/x': 'd' } },
});
const addresses = [
  '192.0.2.1',
  '0.0.0.0',
  '01.2.3.4',
  '::',
  '::1',
  'fe80::1%eth0',
  '::ffff:192.0.2.1',
  '1:2:3:4:5:6:7:8',
  `${'0:'.repeat(30)}`,
  '::%..',
];

const roots = { basePath: '/b', certDir: '/c', runtimeDir: '/b' };

// Each parser with the texts that it knows; what it gives is used as the agent uses it.
const parsers = {
  stat: [[stat], ({ parseShowStat, readPools }, text) => readPools(parseShowStat(text))],
  proc: [[proc], ({ parseShowProc }, text) => parseShowProc(text)],
  servers: [
    [servers],
    ({ parseServersState }, text) => parseServersState(text).map(({ column }) => column('srv_addr')),
  ],
  info: [['Name: HAProxy\nPid: 41\n'], ({ parseShowInfo }, text) => parseShowInfo(text)],
  ss: [[ss], ({ parseListening }, text) => parseListening(text)],
  ip: [addresses, ({ parseIp, isLoopback, sameIp }, text) => reparsed(text, { parseIp, isLoopback, sameIp })],
  ids: [[uuid], ({ parseListenerUuid }, text) => refuseUnless(/^[0-9a-f-]{36}$/, parseListenerUuid(text))],
  names: [
    ['www.example.com.pem'],
    ({ parseCertificateName }, text) => refuseUnless(/^(?!\.)[\w.-]{1,255}$/, parseCertificateName(text)),
  ],
  state: [[state], ({ createStateStore }, text) => createStateStore(filesWith(text), roots).read(uuid)],
};

function filesWith(text) {
  return {
    stat: () => Promise.resolve({ kind: 'file', size: Buffer.byteLength(text) }),
    readText: () => Promise.resolve(text),
  };
}

/** The generator. */
export const answersText = {
  name: 'answers-text',
  isPure: true,
  share: 1,
  make(random) {
    const parser = random.pick(Object.keys(parsers));
    const [samples] = parsers[parser];
    const good = Buffer.from(random.pick(samples));
    if (parser === 'state' && random.oneIn(2)) return { parser, input: hostileJson(random) };
    const kinds = [
      () => mutateBytes(good, random),
      () => mutateBytes(good, random, 20),
      () => Buffer.concat(random.some([good], 200)),
      () => random.bytes(random.size(500)),
    ];
    return { parser, input: random.pick(kinds)() };
  },
  async run({ parser, input }, { pure }) {
    try {
      const wrong = await parsers[parser][1](pure, input.toString('utf8'));
      return { outcome: `${parser} read`, faults: typeof wrong === 'string' ? [wrong] : [] };
    } catch (thrown) {
      if (!pure.isAgentError(thrown)) throw thrown;
      return { outcome: `${parser} refused`, faults: [] };
    }
  },
};

// What was parsed is printed in one form, and that form is read as the same.
function reparsed(text, { parseIp, isLoopback, sameIp }) {
  const ip = parseIp(text);
  if (ip === undefined) return undefined;
  isLoopback(ip);
  const again = parseIp(ip.zone === undefined ? ip.text : `${ip.text}%${ip.zone}`);
  return again !== undefined && sameIp(ip, again) ? undefined : `${JSON.stringify(ip)} is not read as itself`;
}

function refuseUnless(pattern, value) {
  return pattern.test(value) ? undefined : `accepted ${JSON.stringify(value)}`;
}
