// The files of a dead agent: whole, and nothing in them that was never sent. Source: docs/layout.md "On disk".
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from './configuration.mjs';
import { certificateName, spareName } from './listener.mjs';
import { inShort } from './traffic.mjs';

/** Looks at every file of every listener, and at the agent's own certificate. The agent must not run. */
export function checkFiles(stage, listeners) {
  const { report } = stage;
  for (const listener of listeners) checkListener(stage, listener);
  const shown = bundleOf(stage.bundles, read(stage.server.path));
  report.count('looks at all files');
  if (!stage.server.possible.has(shown))
    report.violation('the agent’s certificate on disk is none that may be there', { shown });
}

function checkListener({ basePath, certificateDirectory, bundles, report }, listener) {
  const { id, knowledge, name } = listener;
  const possible = knowledge.possible();
  const wrong = (what, found) =>
    report.violation(`${name} (${id}): ${what}`, { found, possible: possible.map(inShort) });

  const stored = read(join(basePath, id, 'haproxy.cfg'));
  const number = stored === undefined ? undefined : listener.versionOf(stored);
  if (stored !== undefined && number === undefined)
    wrong('haproxy.cfg was never uploaded', shortened(stored));
  // A deletion that was cut takes file by file; the next agent finishes it.
  const isDeleting = possible.some((state) => state.stored === null);
  const isPossible = possible.some((state) => (state.stored?.number ?? undefined) === number);
  if (!isPossible && !isDeleting) wrong('haproxy.cfg is not what was acknowledged', number ?? 'no file');
  for (const file of ['live.cfg', 'running.cfg']) {
    const text = read(join(basePath, id, file));
    if (text !== undefined && listener.versionOf(text) === undefined)
      wrong(`${file} was never uploaded`, shortened(text));
  }
  checkState(join(basePath, id, 'state.json'), wrong);
  for (const [file, field] of [
    [certificateName, 'certificate'],
    [spareName, 'spare'],
  ]) {
    const content = read(join(certificateDirectory, id, file));
    const bundle = content === undefined ? null : bundleOf(bundles, content);
    if (bundle === -1) wrong(`${file} was never uploaded`, `${content.length} bytes`);
    else if (!isDeleting && !possible.some((state) => state[field] === bundle))
      wrong(`${file} is another`, bundle);
  }
}

function checkState(path, wrong) {
  const text = read(path);
  if (text === undefined) return;
  try {
    const { schema, desired } = JSON.parse(text);
    if (typeof schema !== 'number' || typeof desired !== 'string')
      wrong('state.json lacks schema or desired', text);
  } catch {
    wrong('state.json is torn', shortened(text));
  }
}

/** Lists what a cut write leaves behind: temporary files and candidates, below these directories. */
export function leftoversIn(directories) {
  return directories.flatMap((directory) =>
    readdirSync(directory, { recursive: true }).filter((path) => /\.(tmp|candidate)$/.test(path)),
  );
}

function bundleOf(bundles, content) {
  return bundles.findIndex(({ pem }) => pem === content);
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    if (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR') return undefined;
    throw thrown;
  }
}

function shortened(text) {
  return `${text.length} characters, ${digestOf(text).slice(0, 12)}: ${text.slice(0, 120)} … ${text.slice(-120)}`;
}
