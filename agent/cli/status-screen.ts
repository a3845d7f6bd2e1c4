// The screen of `amphorad status`, 80 columns wide. Pure: a document in, text out.

import type {
  AmphoraStatus,
  HeartbeatStatus,
  LoadBalancerPicture,
  MemberPicture,
  TopologyStatus,
  UdpListenerPicture,
} from '../model/status';
import { ageOf, counted, createPaint, fit, plain, screenWidth, type Colour, type Paint } from './columns';

/** Draws the screen. */
export function drawStatus(status: AmphoraStatus, { color }: { readonly color: boolean }): string {
  const paint = createPaint(color);
  const blocks = [
    header(status, paint),
    heartbeats(status.heartbeats, paint),
    interfaces(status),
    ...status.loadBalancers.map((each) => loadBalancer(each, paint)),
    ...status.udpListeners.map((each) => udpListener(each, paint)),
    footer(status, paint),
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n')}\n`;
}

function header({ agent, topology }: AmphoraStatus, paint: Paint): readonly string[] {
  const { amphoraId, hostname, version, pid, uptimeS, stage } = agent;
  const stageWord = stage === 'running' ? '' : `  ${paint(stage, 'yellow')}`;
  return [
    cut(`amphora    ${amphoraId}  on ${hostname}`),
    `agent      ${plain(version)}  pid ${pid}  up ${ageOf(uptimeS)}${stageWord}`,
    `topology   ${topologyText(topology, paint)}`,
  ];
}

function topologyText(
  { topology, isActive, inTransition, vrrp, haIp }: TopologyStatus,
  paint: Paint,
): string {
  const role = isActive ? paint('active', 'green') : 'standby';
  const parts = [topology, role];
  if (vrrp !== null) parts.push(`vrrp ${vrrp === 'FAULT' ? paint(vrrp, 'red') : vrrp}`);
  if (haIp !== '') parts.push(`address ${plain(haIp)}`);
  if (inTransition) parts.push(paint('in transition', 'yellow'));
  return parts.join('  ');
}

function heartbeats({ controllers, intervalS, withheld }: HeartbeatStatus, paint: Paint): readonly string[] {
  if (controllers.length === 0) return ['heartbeats none: no controllers are configured'];
  const state = withheld ? `  ${paint('withheld: keepalived is down', 'red')}` : '';
  return [
    `heartbeats every ${intervalS} s${state}`,
    ...controllers.map(({ name, sent, lastSentS, error }) => {
      const last = lastSentS === null ? 'none sent' : `last ${ageOf(lastSentS)} ago, ${sent} sent`;
      const trouble = error === null ? '' : `  ${paint(plain(error).slice(0, 26), 'red')}`;
      return `  ${fit(name, 24)}  ${last.padEnd(24)}${trouble}`.trimEnd();
    }),
  ];
}

function interfaces({ interfaces: all }: AmphoraStatus): readonly string[] {
  return all.map(({ name, mac, vips, addresses }) => {
    const vip = vips.length === 0 ? '' : `  VIP ${vips.join(' ')}`;
    return cut(`interface  ${fit(name, 6)} ${mac}  ${addresses.join(' ')}${vip}`);
  });
}

function loadBalancer(each: LoadBalancerPicture, paint: Paint): readonly string[] {
  const { id, state, owner, pid, uptimeS, reloads, oldWorkers, listeners, pools } = each;
  const colours = { running: 'green', stopped: 'yellow', error: 'red' } as const;
  const facts = [
    ...(owner === null ? [] : [owner]),
    ...(pid === null ? [] : [`pid ${pid}`]),
    ...(uptimeS === null ? [] : [`up ${ageOf(uptimeS)}`]),
    ...(reloads === null ? [] : [counted(reloads, 'reload')]),
  ];
  return [
    '',
    `load balancer ${fit(id, 36)} ${paint(state, colours[state])}`,
    ...(facts.length === 0 ? [] : [`  ${facts.join(', ')}`]),
    ...(each.isOlder
      ? [`  ${paint('an older configuration runs: the stored one did not come up', 'red')}`]
      : []),
    ...oldWorkers.map(
      ({ pid: old, ageS, sessions }) =>
        `  ${paint('old worker', 'yellow')} pid ${old}, ${ageOf(ageS)} old, ${sessions === null ? 'does not answer' : counted(sessions, 'session')}`,
    ),
    ...listeners.map(({ id: name, addresses, state: word, sessions }) =>
      row('listener', name, addresses.join(' '), word, sessions, paint),
    ),
    ...pools.flatMap(({ id: name, state: word, sessions, members }) => [
      row('pool', name, counted(members.length, 'member'), word, sessions, paint),
      ...members.map((member) => memberRow(member, paint)),
    ]),
  ];
}

function udpListener(
  { id, type, isRunning, addresses, state, members }: UdpListenerPicture,
  paint: Paint,
): readonly string[] {
  const word = state ?? (isRunning ? 'OPEN' : 'DOWN');
  return [
    '',
    row(type, id, addresses.join(' '), isRunning ? word : 'DOWN', null, paint),
    ...members.map((member) => memberRow(member, paint)),
  ];
}

function memberRow({ id, address, state, sessions }: MemberPicture, paint: Paint): string {
  return row('  member', id, address, state, sessions, paint);
}

// 2 + 8 + 1 + 26 + 1 + 22 + 1 + 11 + 1 + 7 = 80.
function row(
  kind: string,
  name: string,
  where: string,
  state: string | null,
  sessions: number | null,
  paint: Paint,
): string {
  const word = fit(state ?? '-', 11);
  const count = sessions === null ? '' : String(sessions).padStart(7);
  return `  ${fit(kind, 8)} ${fit(name, 26)} ${fit(where, 22)} ${paint(word, colourOf(state))} ${count}`.trimEnd();
}

function colourOf(state: string | null): Colour {
  if (state === null) return 'dim';
  if (/^(OPEN|UP|no check)/.test(state)) return 'green';
  return /^(DOWN|STOP)/.test(state) ? 'red' : 'yellow';
}

function footer(
  { findings: { errors, warnings }, loadBalancers, udpListeners }: AmphoraStatus,
  paint: Paint,
): readonly string[] {
  const found =
    errors + warnings === 0
      ? paint('no findings', 'green')
      : `${paint(`${counted(errors, 'error')}, ${counted(warnings, 'warning')}`, errors > 0 ? 'red' : 'yellow')}: amphorad doctor`;
  const udp = udpListeners.length === 0 ? '' : `, ${counted(udpListeners.length, 'UDP listener')}`;
  return ['', `${counted(loadBalancers.length, 'load balancer')}${udp}; ${found}`];
}

function cut(text: string): string {
  const bare = plain(text);
  return bare.length <= screenWidth ? bare : `${bare.slice(0, screenWidth - 2)}..`;
}
