// The agent's pure functions, bundled from their sources into a temporary directory so that they can be called millions
// of times without a process between, and the lines that the policy's tests know.
import { buildSync } from 'esbuild';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const file = 'pure.cjs';

const entry = `
export { refuseTooManyLines } from './agent/haproxy/config/line-count';
export { lexConfig, lexLine } from './agent/haproxy/config/lex';
export { readSections, readFrontends } from './agent/haproxy/config/sections';
export { checkPolicy } from './agent/haproxy/config/policy';
export { policyRefusal } from './agent/haproxy/config/policy-fault';
export { namedFiles } from './agent/haproxy/config/files';
export { checkCrtList, crtListFiles, readCrtList } from './agent/haproxy/config/crt-list';
export { readBinds } from './agent/haproxy/binds';
export { namesHosts } from './agent/haproxy/server-lines';
export { readPools } from './agent/haproxy/pools';
export { parseShowInfo } from './agent/haproxy/runtime/show-info';
export { parseShowProc } from './agent/haproxy/runtime/show-proc';
export { parseServersState } from './agent/haproxy/runtime/show-servers-state';
export { parseShowStat } from './agent/haproxy/runtime/show-stat';
export { parseListening } from './agent/network/listening';
export { splitPem } from './agent/pki/pem';
export { readBundle, checkServerBundle, certificateChainPem } from './agent/pki/bundle';
export { readCaBundle } from './agent/pki/ca';
export { describeCertificate } from './agent/pki/inspect';
export { parseIni } from './agent/config/ini';
export { loadConfig } from './agent/config/load';
export { formatProblem } from './agent/config/problem';
export { renderReport, reportConfig } from './agent/config/report';
export { options } from './agent/config/options';
export { parseAmphoraId, parseListenerUuid } from './agent/model/ids';
export { isLoopback, parseIp, sameIp } from './agent/model/ip';
export { parseCertificateName } from './agent/model/certificate';
export { isAgentError } from './agent/model/errors';
export { createStateStore } from './agent/core/state-store';
export { base, certs, configWith, context, hostileLines, id } from './tests/unit/haproxy/config/hostile-lines';
export { friendlyLines } from './tests/unit/haproxy/config/friendly-lines';
export { joinWords, rewriteWord } from './tests/unit/haproxy/config/rewrite';
`;

/** Bundles the functions into a directory. */
export function buildPure(directory) {
  buildSync({
    stdin: { contents: entry, resolveDir: root, loader: 'ts' },
    outfile: join(directory, file),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'warning',
  });
}

/** Loads what `buildPure` put into a directory. */
export function loadPure(directory) {
  return createRequire(import.meta.url)(join(directory, file));
}

/** The policy's lines as the configuration texts want them. */
export function linesOf({ configWith, friendlyLines, hostileLines }) {
  return { configWith, friendly: friendlyLines, hostile: hostileLines };
}
