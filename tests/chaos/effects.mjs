// What each call does to a listener, and the answer it then has to get: contract/amphora-v0.1.md as a table, and where
// 1.0 is another contract/octavia-1.0.md, its statuses read as those of v0.1 (dialects.mjs). `stored`
// and `running` are versions of a configuration; `served` is the certificate that the running one was started with.

/** In the place of an answer: a state that a call passes through. */
export const midway = Symbol('midway');

/** A listener that does not exist. */
export const absent = { stored: null, running: null, served: null, certificate: null, spare: null };
const follow = (state) => ({ ...state, running: state.stored, served: state.certificate });
const lacksCertificate = ({ stored, certificate }) => stored.tls && certificate === null;

// A listener that is being deleted has no haproxy before it has no files: readers may see that.
const ending = (call, state) =>
  state.running === null ? [] : [[midway, { ...state, running: null, served: null, leaving: call }]];

const table = {
  upload: ({ version }, state) => [
    version.tls && state.certificate === null ? ['400', state] : ['201', { ...state, stored: version }],
    ['507', state],
  ],
  badUpload: (_call, state) => [
    ['400', state],
    ['507', state],
  ],
  hugeUpload: (_call, state) => [['413', state]],
  reload(_call, state) {
    if (state.stored === null) return [['404', state]];
    return lacksCertificate(state) ? [['500', state]] : [['202', follow(state)]];
  },
  start(_call, state) {
    if (state.stored === null) return [['404', state]];
    if (state.running !== null) return [['202', state]];
    return lacksCertificate(state) ? [['500', state]] : [['202', follow(state)]];
  },
  stop: (_call, state) =>
    state.stored === null ? [['404', state]] : [['202', { ...state, running: null, served: null }]],
  delete: (call, state) =>
    state.stored === null ? [['404', state]] : [['200', absent], ...ending(call, state)],
  putCertificate: ({ bundle }, state) => [
    ['201', { ...state, certificate: bundle }],
    ['507', state],
  ],
  putSpare: ({ bundle }, state) => [
    ['201', { ...state, spare: bundle }],
    ['507', state],
  ],
  deleteSpare: (_call, state) =>
    state.spare === null ? [['404', state]] : [['200', { ...state, spare: null }]],
  badCertificate: (_call, state) => [['400', state]],
  readSpare: (_call, state) => [[state.spare === null ? '404' : `200 bundle ${state.spare}`, state]],
  readText: (_call, state) => [[state.stored === null ? '404' : `200 version ${state.stored.number}`, state]],
  readStatus: (_call, state) => [
    [state.stored === null ? '404' : `200 ${state.running === null ? 'STOPPED' : 'ACTIVE'}`, state],
  ],
  badAction: (_call, state) => [['400', state]],
  // By the dialect that has not uploaded it.
  foreignDelete: (_call, state) => [[state.stored === null ? '200' : '409', state]],
  // Not calls. The haproxy was killed: whoever brings it back starts what is stored.
  crash: (_call, state) => [['', state.running === null ? state : follow(state)]],
  // A start or stop that failed half-way for want of space: it may run or not until the next one is answered.
  doubt: (_call, state) => [
    ['', { ...state, running: null, served: null }],
    ['', state.stored === null ? state : follow(state)],
  ],
};

// What is not there is as good as deleted, and a status is that of the list of all that runs.
const tableOf10 = {
  delete: (_call, state) => [['200', state.stored === null ? state : absent]],
  foreignDelete: (_call, state) => [[state.stored === null ? '404' : '409', state]],
  deleteSpare: (_call, state) => [['200', { ...state, spare: null }]],
  readStatus: (_call, state) => [[`200 ${state.running === null ? 'absent' : 'ACTIVE'}`, state]],
};

/** Lists what may come of a call in a state, as pairs of answer and next state. */
export function effects(call, state) {
  const own = call.dialect === '1.0' ? tableOf10[call.kind] : undefined;
  return (own ?? table[call.kind])(call, state);
}

const reads = new Set(['readText', 'readStatus', 'readSpare']);

/** Tells whether a call can take effect in a state; while another changes it, only reads can. */
export function mayInterrupt(call, { leaving }) {
  return leaving === undefined || leaving === call || reads.has(call.kind);
}
