// The two dialects of the agent: how each asks for the same things, and how its answers read in the words of
// effects.mjs, which are those of v0.1. Source: contract/amphora-v0.1.md, contract/octavia-1.0.md.
import { certificateName, spareName } from './listener.mjs';

const v01 = {
  name: 'v0.1',
  upload: ({ id }, { amphoraId }) => `/v0.1/listeners/${amphoraId}/${id}/haproxy`,
  of: ({ id }) => `/v0.1/listeners/${id}`,
  remove: ({ id }) => `/v0.1/listeners/${id}`,
  status: ({ id }) => `/v0.1/listeners/${id}`,
  // What is looked at, and is no certificate.
  badCertificateName: certificateName,
  surveys: ['/v0.1/listeners', '/v0.1/details', '/info'],
  rotation: '/v0.1/certificate',
  statusOf: (_kind, { status }) => status,
  wordOf: (_listener, { status }) => status,
};

// 1.0's own success of what v0.1 answers with 201.
const created = { upload: 202, putCertificate: 200, putSpare: 200 };

const v10 = {
  name: '1.0',
  upload: ({ id }, { amphoraId }) => `/1.0/loadbalancer/${amphoraId}/${id}/haproxy`,
  of: ({ id }) => `/1.0/loadbalancer/${id}`,
  remove: ({ id }) => `/1.0/listeners/${id}`,
  status: () => '/1.0/listeners',
  // It takes any content, but not any name.
  badCertificateName: 'localhost.sh',
  surveys: ['/1.0/listeners', '/1.0/details', '/1.0/info'],
  rotation: '/1.0/certificate',
  /** 1.0 has fewer statuses: the body tells a body that is too large, and a full disk, from other failures. */
  statusOf(kind, { status, body }) {
    if (kind in created) {
      if (status === created[kind]) return 201;
      if (status === 201) return 'unexpected 201';
    }
    if (status === 400 && body?.message === 'Request body too large') return 413;
    if (status === 500 && /^No space left/.test(body?.message ?? '')) return 507;
    if (status === 413 || status === 507) return `unexpected ${status}`;
    return status;
  },
  wordOf: ({ frontend }, list) => list.find(({ uuid }) => uuid === frontend)?.status ?? 'absent',
};

export const dialects = { [v01.name]: v01, [v10.name]: v10 };

/** Method and path of a call, in the listener's own dialect; `foreignDelete` in the other. */
export function requestOf(kind, listener, stage) {
  const mine = dialects[listener.dialect];
  const path = mine.of(listener);
  const certificate = (name) => `${path}/certificates/${name}`;
  const [method, wanted] = {
    upload: ['PUT', mine.upload(listener, stage)],
    badUpload: ['PUT', mine.upload(listener, stage)],
    hugeUpload: ['PUT', mine.upload(listener, stage)],
    reload: ['PUT', `${path}/reload`],
    start: ['PUT', `${path}/start`],
    stop: ['PUT', `${path}/stop`],
    delete: ['DELETE', mine.remove(listener)],
    foreignDelete: ['DELETE', otherThan(mine).remove(listener)],
    putCertificate: ['PUT', certificate(certificateName)],
    badCertificate: ['PUT', certificate(mine.badCertificateName)],
    putSpare: ['PUT', certificate(spareName)],
    deleteSpare: ['DELETE', certificate(spareName)],
    readSpare: ['GET', certificate(spareName)],
    readText: ['GET', `${path}/haproxy`],
    readStatus: ['GET', mine.status(listener)],
    badAction: ['PUT', `${path}/destroy`],
  }[kind];
  return [method, wanted];
}

function otherThan(mine) {
  return mine === v01 ? v10 : v01;
}
