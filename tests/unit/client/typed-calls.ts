// What the typed client takes and gives, as its users write it. Compiled, never run: a wrong call that compiles is an
// unused `@ts-expect-error`, and so an error.

import type { AnswerOf, ApiClient } from '../../../agent/client/api-client';

export async function rightCalls(api: ApiClient): Promise<readonly string[]> {
  const { body: info } = await api.getInfo();
  const listener = '6e1a3c52-7a65-4a1c-a5f0-2b8f3fd5c1a7';
  const found = await api.getV01Listener({ path: { listener } });
  if (found.status !== 200) return [found.body.message, 'hostname' in info ? info.hostname : ''];
  await api.putV01ListenerAction({ path: { listener, action: 'reload' } });
  await api.plugV10Vip({
    path: { ip: '10.0.0.5' },
    body: { subnet_cidr: '10.0.0.0/24', gateway: null, mac_address: 'fa:16:3e:00:00:01' },
  });
  const text: AnswerOf<'getV01ListenerConfig'> = await api.getV01ListenerConfig({ path: { listener } });
  return [...found.body.pools.map(({ uuid }) => uuid), text.status === 200 ? text.body : text.body.message];
}

export async function wrongCalls(api: ApiClient): Promise<void> {
  // @ts-expect-error: a parameter of the path is missing.
  await api.getV01Listener({ path: {} });
  // @ts-expect-error: nothing is given at all.
  await api.getV01Listener();
  // @ts-expect-error: there is no such operation.
  const nothing: keyof ApiClient = 'getV01Nothing';
  // @ts-expect-error: a required member of the body is missing.
  await api.plugV10Network({ body: {} });
  // @ts-expect-error: a body where none is taken.
  await api.getInfo({ body: 'x' });
  const found = await api.getV01Listener({ path: { listener: '' } });
  // @ts-expect-error: a refusal has no pools, so that the status must be looked at first.
  const { pools } = found.body;
  // @ts-expect-error: a status that is not documented.
  if (found.status === 201) throw new Error(`${nothing} ${String(pools)}`);
}
