// The tables that a fake haproxy prints, with the columns of 2.6.12. Sources: HAProxy 2.6 management guide, 9.1 "CSV
// format", 9.3 "show servers state", "show servers conn", "show info", 9.4 "show proc".

import { effectiveWeight, isUsable, statusOf, type FakeServer } from './servers';
import type { ProxyText } from './proxies';

export const fakeVersion = '2.6.12-1+deb12u4';

/** What a listener has counted in one worker. */
export interface Counted {
  bytesIn: number;
  bytesOut: number;
  connections: number;
  requestErrors: number;
  current: number;
}

const statColumns =
  'pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status,weight,act,bck,chkfail,chkdown,lastchg,downtime,qlimit,pid,iid,sid,throttle,lbtot,tracked,type,rate,rate_lim,rate_max,check_status,check_code,check_duration,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,hanafail,req_rate,req_rate_max,req_tot,cli_abrt,srv_abrt,comp_in,comp_out,comp_byp,comp_rsp,lastsess,last_chk,last_agt,qtime,ctime,rtime,ttime,agent_status,agent_code,agent_duration,check_desc,agent_desc,check_rise,check_fall,check_health,agent_rise,agent_fall,agent_health,addr,cookie,mode,algo,conn_rate,conn_rate_max,conn_tot,intercepted,dcon,dses,wrew,connect,reuse,cache_lookups,cache_hits,srv_icur,src_ilim,qtime_max,ctime_max,rtime_max,ttime_max,eint,idle_conn_cur,safe_conn_cur,used_conn_cur,need_conn_est,uweight,agg_server_status,agg_server_check_status,agg_check_status,-'.split(
    ',',
  );
const columnAt: ReadonlyMap<string, number> = new Map(statColumns.map((name, at) => [name, at]));

type Cells = Readonly<Record<string, string | number>>;

/** A row of `show stat`. */
export function statRow(cells: Cells): string {
  const row: string[] = statColumns.map((name) => (name === '-' ? '-' : ''));
  for (const [name, value] of Object.entries(cells)) row[columnAt.get(name) ?? 0] = String(value);
  return `${row.join(',')},`;
}

export const statHeader = `# ${statColumns.join(',')},`;

/** The row of a frontend; one whose worker was replaced has closed its listeners. */
export function frontendRow(
  { name, id, mode, maxconn }: ProxyText,
  counted: Counted,
  isOpen: boolean,
): string {
  const { current: scur, connections: stot, bytesIn: bin, bytesOut: bout, requestErrors: ereq } = counted;
  const counters = {
    scur,
    smax: scur,
    slim: maxconn,
    stot,
    bin,
    bout,
    dreq: 0,
    dresp: 0,
    ereq,
    conn_tot: stot,
  };
  const own = { pxname: name, svname: 'FRONTEND', status: isOpen ? 'OPEN' : 'STOP', mode };
  return statRow({ ...own, ...counters, pid: 1, iid: id, sid: 0, type: 0, rate: 0, req_tot: stot });
}

/** The row of a server. */
export function serverRow(server: FakeServer, mode: string, nowMs: number): string {
  const isDown = !isUsable(server);
  const check = {
    check_status: isDown ? 'L4CON' : 'L4OK',
    check_duration: 0,
    chkfail: 0,
    chkdown: 0,
    downtime: 0,
  };
  return statRow({
    pxname: server.backend,
    svname: server.name,
    ...zeroes,
    scur: server.sessions,
    smax: server.sessions,
    stot: server.sessions,
    status: statusOf(server),
    weight: effectiveWeight(server),
    act: server.isBackup ? 0 : 1,
    bck: server.isBackup ? 1 : 0,
    ...(server.isChecked ? check : {}),
    lastchg: secondsSince(server.changedMs, nowMs),
    pid: 1,
    iid: server.backendId,
    sid: server.id,
    type: 2,
    addr: addressOf(server),
    cookie: server.cookie,
    mode,
    used_conn_cur: server.sessions,
    uweight: server.userWeight,
  });
}

/** The row of a backend, which is up while a server of some weight is, or when it has none. */
export function backendRow(
  proxy: ProxyText,
  servers: readonly FakeServer[],
  startedMs: number,
  nowMs: number,
): string {
  const usable = servers.filter((server) => isUsable(server) && effectiveWeight(server) > 0);
  const [backups, actives] = [usable.filter(isBackup), usable.filter((server) => !isBackup(server))];
  const serving = actives.length > 0 ? actives : backups;
  const sessions = servers.reduce((sum, server) => sum + server.sessions, 0);
  return statRow({
    pxname: proxy.name,
    svname: 'BACKEND',
    ...zeroes,
    scur: sessions,
    smax: sessions,
    stot: sessions,
    slim: 1,
    status: servers.length === 0 || serving.length > 0 ? 'UP' : 'DOWN',
    weight: serving.reduce((sum, server) => sum + effectiveWeight(server), 0),
    act: actives.length,
    bck: backups.length,
    chkdown: 0,
    lastchg: secondsSince(startedMs, nowMs),
    ...(servers.some(({ isChecked }) => isChecked) ? { downtime: 0 } : {}),
    pid: 1,
    iid: proxy.id,
    sid: 0,
    type: 1,
    mode: proxy.mode,
    algo: proxy.algorithm,
  });
}

const zeroes: Cells = {
  qcur: 0,
  qmax: 0,
  bin: 0,
  bout: 0,
  dresp: 0,
  econ: 0,
  eresp: 0,
  wretr: 0,
  wredis: 0,
  lbtot: 0,
  rate: 0,
};
const isBackup = (server: FakeServer): boolean => server.isBackup;
const secondsSince = (then: number, nowMs: number): number => Math.max(0, Math.trunc((nowMs - then) / 1_000));

function addressOf({ address, port }: FakeServer): string {
  if (address.startsWith('/')) return 'unix';
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

const stateColumns =
  'be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port';

// Bits of srv_check_state.
const checksEnabled = 0x04;
const checksConfigured = 0x02;

/** The table of `show servers state`. */
export function serversStateTable(servers: readonly FakeServer[], nowMs: number): string {
  const rows = servers.map((server) => {
    const { backendId, backend, id, name, address, adminState, userWeight, weight, port } = server;
    const operational = isUsable(server) ? 2 : 0;
    const since = secondsSince(server.changedMs, nowMs);
    const checks = server.isChecked ? checksConfigured | (server.runsChecks ? checksEnabled : 0) : 0;
    return `${backendId} ${backend} ${id} ${name} ${address} ${operational} ${adminState} ${userWeight} ${weight} ${since} 1 0 2 ${checks} 0 0 0 - ${port} - 0 0 - - 0`;
  });
  return `1\n# ${[stateColumns, ...rows].join('\n')}\n\n`;
}

/** The table of `show servers conn`. */
export function serversConnTable(servers: readonly FakeServer[]): string {
  const header =
    '# bkname/svname bkid/svid addr port - purge_delay used_cur used_max need_est unsafe_nb safe_nb idle_lim idle_cur idle_per_thr[1]';
  const rows = servers.map(
    ({ backend, name, backendId, id, address, port, sessions }) =>
      `${backend}/${name} ${backendId}/${id} ${address} ${port} - 5000 ${sessions} ${sessions} ${sessions} 0 0 -1 0 0`,
  );
  return `${[header, ...rows].join('\n')}\n\n`;
}

/** A process as `show proc` has it. */
export interface ProcRow {
  readonly pid: number;
  readonly reloads: string;
  readonly startedMs: number;
}

/** The table of `show proc`. */
export function procTable(master: ProcRow, worker: ProcRow, old: readonly ProcRow[], nowMs: number): string {
  const row = ({ pid, reloads, startedMs }: ProcRow, kind: string): string =>
    `${String(pid).padEnd(16)}${kind.padEnd(16)}${reloads.padEnd(16)}${uptime(secondsSince(startedMs, nowMs)).padEnd(16)}${fakeVersion}`;
  return [
    '#<PID>          <type>          <reloads>       <uptime>        <version>      ',
    row(master, 'master'),
    '# workers',
    row(worker, 'worker'),
    ...(old.length > 0 ? ['# old workers', ...old.map((one) => row(one, 'worker'))] : []),
    '# programs',
    '',
    '',
  ].join('\n');
}

function uptime(seconds: number): string {
  const two = (value: number): string => String(Math.trunc(value)).padStart(2, '0');
  return `${Math.trunc(seconds / 86_400)}d${two((seconds / 3_600) % 24)}h${two((seconds / 60) % 60)}m${two(seconds % 60)}s`;
}
