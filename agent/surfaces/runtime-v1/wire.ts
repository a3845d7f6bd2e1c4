// Wire JSON of the runtime API. Pure; the order of keys is the document's. Source: contract of the runtime API, 2 and 3.

import type { RuntimeServer } from '../../core/runtime/servers';

/** The envelope of a success. */
export function success(status: number, data: object, message?: string): object {
  return { success: true, status_code: status, ...(message === undefined ? {} : { message }), data };
}

/** The envelope of a failure. */
export function failure(
  status: number,
  code: string,
  error: string,
  details: Readonly<Record<string, unknown>> = {},
): object {
  return { success: false, status_code: status, error, code, details };
}

/** A server: the nine documented strings, then figures of ours. */
export function serverBody({ column, adminState, operationalState }: RuntimeServer): object {
  return {
    name: column('svname'),
    status: column('status'),
    weight: column('weight'),
    check_status: column('check_status').replace(/^\* /, ''),
    check_duration: column('check_duration'),
    last_chg: column('lastchg'),
    downtime: column('downtime'),
    addr: column('addr'),
    cookie: column('cookie'),
    sessions: figure(column('scur')),
    queue: figure(column('qcur')),
    total_sessions: figure(column('stot')),
    max_sessions: figure(column('slim')),
    user_weight: figure(column('uweight')),
    check_code: figure(column('check_code')),
    agent_status: column('agent_status'),
    backup: column('bck') === '1',
    tracked: column('tracked'),
    used_connections: figure(column('used_conn_cur')),
    admin_state: adminState,
    operational_state: operationalState,
  };
}

/** A figure; null where haproxy has none. */
export function figure(cell: string): number | null {
  return /^-?\d+(?:\.\d+)?$/.test(cell) ? Number(cell) : null;
}
