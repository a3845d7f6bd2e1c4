// The typed client: what it sends for a call, what a call resolves with, and that strict TypeScript takes its types.

import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { createApiClient, type ApiRequest, type ApiResponse } from '../../../agent/client/api-client';

function recorded(answer: Partial<ApiResponse> = {}) {
  const sent: ApiRequest[] = [];
  const api = createApiClient((request) => {
    sent.push(request);
    return Promise.resolve({
      status: 200,
      headers: { 'content-type': 'application/json' },
      text: '{"message":"OK"}',
      ...answer,
    });
  });
  return { api, sent };
}

describe('the typed client', () => {
  it('sends what is given, with the parameters of the path encoded', async () => {
    const { api, sent } = recorded();
    await api.getV10Interface({ path: { ip: 'fe80::1/..' } });
    await api.putV01ListenerConfig({ path: { amphora_id: 'a', listener: 'b' }, body: 'defaults\n' });
    await api.plugV10Network({ body: { mac_address: 'fa:16:3e:00:00:01' } });
    expect(sent).toEqual([
      { method: 'GET', path: '/1.0/interface/fe80%3A%3A1%2F..', headers: {} },
      {
        method: 'PUT',
        path: '/v0.1/listeners/a/b/haproxy',
        headers: { 'Content-Type': 'text/plain' },
        body: 'defaults\n',
      },
      {
        method: 'POST',
        path: '/1.0/plug/network',
        headers: { 'Content-Type': 'application/json' },
        body: '{"mac_address":"fa:16:3e:00:00:01"}',
      },
    ]);
  });

  it('resolves with status, headers and body, whatever the status: JSON parsed, text as it is', async () => {
    const refused = recorded({ status: 404, text: '{"message":"Listener Not Found"}' });
    expect(await refused.api.getV01Listener({ path: { listener: 'x' } })).toEqual({
      status: 404,
      headers: { 'content-type': 'application/json' },
      body: { message: 'Listener Not Found' },
    });
    const text = recorded({ headers: { 'content-type': 'text/plain; charset=UTF-8' }, text: '{}' });
    expect(await text.api.getV01ListenerConfig({ path: { listener: 'x' } })).toMatchObject({ body: '{}' });
  });

  it('rejects when nothing answers, and when a parameter of the path is missing', async () => {
    const lost = createApiClient(() => Promise.reject(new Error('nobody')));
    await expect(lost.getInfo()).rejects.toThrow('nobody');
    const { api, sent } = recorded();
    await expect(api.getV01Listener({ path: {} as { listener: string } })).rejects.toThrow(
      'listener is missing',
    );
    expect(sent).toEqual([]);
  });

  it('has types that strict TypeScript takes, right calls that compile and wrong ones that do not', () => {
    const root = join(__dirname, '..', '..', '..');
    const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
      config: object;
    };
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
    const program = ts.createProgram([join(__dirname, 'typed-calls.ts')], { ...options, skipLibCheck: true });
    const said = ts
      .getPreEmitDiagnostics(program)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
    expect(said).toEqual([]);
    expect(options.strict).toBe(true);
  });
});
