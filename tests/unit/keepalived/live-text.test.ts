import { describe, expect, it } from '@jest/globals';
import { inLinesOfUpload } from '../../../agent/keepalived/live-text';
import { lvsLiveText } from '../../../agent/keepalived/lvs-live';
import { AgentError } from '../../../agent/model/errors';
import { udpListener } from './udp-listener';

const upload = udpListener();
const live = lvsLiveText(upload);
const lineOf = (text: string): number => text.split('\n').findIndex((line) => line.includes('lb_algo')) + 1;

describe('what keepalived reads for a UDP listener', () => {
  it('names the account of scripts before anything else: a reload drops the checks otherwise', () => {
    expect(live.text.indexOf('script_user root')).toBeLessThan(live.text.indexOf('virtual_server'));
    expect(live.text.match(/script_user root/g)).toHaveLength(1);
  });

  it('is the upload from there on, without the namespace, which the agent enters', () => {
    const [, , , , ...rest] = live.text.split('\n');
    expect(rest).toEqual(
      upload.split('\n').map((line) => (line === 'net_namespace amphora-haproxy' ? '' : line)),
    );
  });

  it('is told by the lines of the upload', () => {
    expect(live.renumber(`(/x: Line ${lineOf(live.text)}) no rr`)).toBe(`(/x: Line ${lineOf(upload)}) no rr`);
    expect(live.renumber('(/x: Line 2) what we added')).toBe('(/x: Line 1) what we added');
    expect(live.renumber('(/x: Line 9999) what')).toBe('(/x: Line 9999) what');
  });
});

describe('a job on such a text', () => {
  it('gives what it makes', async () => {
    expect(await inLinesOfUpload(live, () => Promise.resolve('done'))).toBe('done');
  });

  it('fails in the lines of the upload, with its kind and its cause', async () => {
    const cause = new AgentError('config-rejected', 'no', { detail: '(/x: Line 7) what' });
    const job = inLinesOfUpload(
      live,
      () => Promise.reject(cause),
      (words) => words.replace('/x', '/y'),
    );
    await expect(job).rejects.toMatchObject({
      kind: 'config-rejected',
      message: 'no',
      detail: '(/y: Line 3) what',
      cause,
    });
  });

  it('fails as it is when it says nothing of lines', async () => {
    const cause = new AgentError('timeout', 'late');
    await expect(inLinesOfUpload(live, () => Promise.reject(cause))).rejects.toBe(cause);
  });
});
