// Rows whose other side is not on this machine: UDP listeners and the agent's configuration file, as literal objects.

import { describe, expect, it } from '@jest/globals';
import type { Listeners } from '../../../../agent/core/listeners';
import type { LoadBalancers } from '../../../../agent/core/load-balancers';
import type { UdpListeners } from '../../../../agent/core/udp-listeners';
import type { Reply } from '../../../../agent/http/reply';
import type { Route } from '../../../../agent/http/route';
import { routeRequest } from '../../../fakes/route-request';
import { AgentError, invalidInput, isAgentError, notFound } from '../../../../agent/model/errors';
import { parseLoadBalancerId } from '../../../../agent/model/ids';
import { errorReply } from '../../../../agent/surfaces/octavia-v1.0/errors';
import {
  amphoraRoutes,
  type AmphoraRoutesDeps,
} from '../../../../agent/surfaces/octavia-v1.0/routes/amphora';
import { listenerRoutes } from '../../../../agent/surfaces/octavia-v1.0/routes/listeners';
import { loadBalancerRoutes } from '../../../../agent/surfaces/octavia-v1.0/routes/load-balancers';

const id = parseLoadBalancerId('udp-1');
const config = 'virtual_server 10.0.0.5 53 {\n}\n';

/** UDP listeners that note what is asked of them; there is one. */
function createUdp(failure?: AgentError): UdpListeners & { readonly calls: string[] } {
  const calls: string[] = [];
  const noted =
    (verb: string) =>
    (which: string, ...more: readonly (string | undefined)[]): Promise<void> => {
      calls.push([verb, which, ...more].join(' '));
      return failure === undefined ? Promise.resolve() : Promise.reject(failure);
    };
  return {
    calls,
    ids: () => Promise.resolve([id]),
    has: (which) => Promise.resolve(which === id),
    list: () => Promise.resolve([{ id, type: 'UDP', isRunning: false }]),
    config: (which) =>
      which === id ? Promise.resolve(config) : Promise.reject(notFound('UDP listener', which)),
    upload: noted('upload'),
    start: noted('start'),
    stop: noted('stop'),
    reload: noted('reload'),
    remove: noted('remove'),
  };
}

const missing = (which: string): Promise<never> => Promise.reject(notFound('load balancer', which));
// Of load balancers these rows ask only to act on and to remove one, and there is none.
const noLoadBalancers = { start: missing, stop: missing, reload: missing, remove: missing } as Pick<
  LoadBalancers,
  'start' | 'stop' | 'reload' | 'remove'
> as LoadBalancers;
const noListeners: Listeners = {
  list: () => Promise.resolve([]),
  count: () => Promise.resolve({ ids: [], runningUdp: 0 }),
};

async function ask(
  routes: readonly Route[],
  method: string,
  path: string,
  params: Record<string, string>,
  body = '',
): Promise<Reply> {
  const row = routes.find((each) => each.method === method && each.path === path);
  if (row === undefined) throw new Error(`no row ${method} ${path}`);
  try {
    return await row.handle(routeRequest({ params, body: Buffer.from(body) }));
  } catch (thrown) {
    if (!isAgentError(thrown)) throw thrown;
    return errorReply(thrown);
  }
}

const rowsOver = (udpListeners: UdpListeners): readonly Route[] => [
  ...loadBalancerRoutes({ loadBalancers: noLoadBalancers, udpListeners }),
  ...listenerRoutes({ loadBalancers: noLoadBalancers, udpListeners, listeners: noListeners }),
];
const actionPath = '/1.0/loadbalancer/:id/:action';

describe('a UDP listener', () => {
  it('is uploaded: 200 OK with the MD5 of what was sent', async () => {
    const udp = createUdp();
    const path = '/1.0/listeners/:amphora/:listener/udp_listener';
    const params = { amphora: 'amphora-1', listener: id };
    expect(await ask(rowsOver(udp), 'PUT', path, params, 'x')).toEqual({
      status: 200,
      body: { json: { message: 'OK' } },
      headers: { ETag: '9dd4e461268c8034f5c8564e155c67a6' },
    });
    expect(udp.calls).toEqual([`upload ${id} x amphora-1`]);
  });

  it('is refused (400) under an id that cannot be stored', async () => {
    const udp = createUdp();
    const path = '/1.0/listeners/:amphora/:listener/udp_listener';
    for (const params of [
      { amphora: 'amphora-1', listener: '../x' },
      { amphora: '.x', listener: id },
    ]) {
      expect((await ask(rowsOver(udp), 'PUT', path, params, 'x')).status).toBe(400);
    }
    expect(udp.calls).toEqual([]);
  });

  it('is read as text; 404 UDP Listener Not Found for any other id', async () => {
    const path = '/1.0/listeners/:listener/udp_listener';
    const rows = rowsOver(createUdp());
    expect(await ask(rows, 'GET', path, { listener: id })).toEqual({ status: 200, body: { text: config } });
    for (const other of ['x', '../x']) {
      expect(await ask(rows, 'GET', path, { listener: other })).toMatchObject({
        status: 404,
        body: {
          json: { message: 'UDP Listener Not Found', details: `No UDP listener with UUID: ${other}` },
        },
      });
    }
  });

  it.each([
    ['start', 'start', `keepalivedlvs listener ${id} started`],
    ['RELOAD', 'reload', `keepalivedlvs listener ${id} restarted`],
    ['Stop', 'stop', `keepalivedlvs listener ${id} stoped`],
  ])('%s: 202', async (action, verb, details) => {
    const udp = createUdp();
    expect(await ask(rowsOver(udp), 'PUT', actionPath, { id, action })).toMatchObject({
      status: 202,
      body: { json: { message: 'OK', details } },
    });
    expect(udp.calls).toEqual([`${verb} ${id}`]);
  });

  it('500 says which action failed and why', async () => {
    const failure = new AgentError('reload-failed', 'no', { detail: 'this kernel has no ip_vs' });
    const answer = await ask(rowsOver(createUdp(failure)), 'PUT', actionPath, { id, action: 'start' });
    expect(answer).toMatchObject({
      status: 500,
      body: {
        json: {
          message: `Failed to start keepalivedlvs listener ${id}`,
          details: 'this kernel has no ip_vs',
        },
      },
    });
  });

  it('is deleted: 200; so is what is not there', async () => {
    const udp = createUdp();
    for (const which of [id, 'another', 'certs', '..']) {
      const answer = await ask(rowsOver(udp), 'DELETE', '/1.0/listeners/:id', { id: which });
      expect(answer).toMatchObject({ status: 200, body: { json: { message: 'OK' } } });
    }
    expect(udp.calls).toEqual([`remove ${id}`]);
  });

  it('an id of neither kind: 404 Loadbalancer Not Found; an unknown action is told first', async () => {
    const rows = rowsOver(createUdp());
    expect(await ask(rows, 'PUT', actionPath, { id: 'x', action: 'start' })).toMatchObject({
      status: 404,
      body: { json: { message: 'Loadbalancer Not Found', details: 'No loadbalancer with UUID: x' } },
    });
    expect(await ask(rows, 'PUT', actionPath, { id: 'x', action: 'Jump' })).toMatchObject({
      status: 400,
      body: { json: { message: 'Invalid Request', details: 'Unknown action: jump' } },
    });
  });
});

describe('PUT /1.0/config', () => {
  const put = (replace: (text: string) => Promise<void>, body: Buffer | string = '[DEFAULT]\n') => {
    // This row asks nothing of the others.
    const rows = amphoraRoutes({ agentConfig: { replace } } as unknown as AmphoraRoutesDeps);
    return ask(rows, 'PUT', '/1.0/config', {}, body as string);
  };
  const message = 'Unable to update amphora-agent configuration.';

  it('202 OK: the text is handed on as it is', async () => {
    const taken: string[] = [];
    const answer = await put((text) => {
      taken.push(text);
      return Promise.resolve();
    });
    expect(answer).toMatchObject({ status: 202, body: { json: { message: 'OK' } } });
    expect(taken).toEqual(['[DEFAULT]\n']);
  });

  it('400: a file that cannot be used, and what is no text, with the same message', async () => {
    const refuse = (): Promise<void> => Promise.reject(invalidInput('Invalid', 'bind_port: expected a port'));
    expect(await put(refuse)).toMatchObject({
      status: 400,
      body: { json: { message, details: 'bind_port: expected a port' } },
    });
    expect(await put(() => Promise.resolve(), Buffer.from([0xff, 0xfe]))).toMatchObject({
      status: 400,
      body: { json: { message, details: 'configuration: expected UTF-8 text' } },
    });
  });

  it('500: one that cannot be written', async () => {
    const full = new AgentError('no-space', 'No space left on the disk');
    expect(await put(() => Promise.reject(full))).toMatchObject({
      status: 500,
      body: { json: { message, details: 'No space left on the disk' } },
    });
  });
});
