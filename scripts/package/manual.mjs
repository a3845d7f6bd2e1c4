// Manual pages: amphorad.8 as it is written in etc/man/, agent.conf.5 with the options' own table put in.
import { buildSync } from 'esbuild';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Renders `amphorad.8` or `agent.conf.5` in roff. */
export function renderManual(root, name, { version, epoch }) {
  const date = new Date(epoch * 1000).toISOString().slice(0, 10);
  const page = readFileSync(join(root, 'etc/man', name), 'utf8')
    .replaceAll('@VERSION@', version)
    .replaceAll('@DATE@', date);
  return page.includes('@OPTIONS@') ? page.replace('@OPTIONS@\n', () => optionsOf(root)) : page;
}

function optionsOf(root) {
  const { options, sections, expectationOf } = optionTable(root);
  return sections
    .map((section) => {
      const own = options.filter((option) => option.section === section && option.ignored !== true);
      return `.SS [${section}]\n${own.map((option) => entry(option, expectationOf(option))).join('')}`;
    })
    .join('');
}

function entry({ key, help, default: preset, required, restart, localOnly }, accepts) {
  const facts = [
    ...(required === true ? ['Required.'] : []),
    `Accepts ${accepts}.`,
    ...(preset === '' ? [] : [`Default: ${preset}.`]),
    ...(restart ? ['A change takes effect at a restart.'] : []),
    ...(localOnly ? ['Not in the first configuration file.'] : []),
  ];
  return `.TP\n.B ${roff(key)}\n${roff(help)} ${roff(facts.join(' '))}\n`;
}

function roff(text) {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/, '\\&$1');
}

function optionTable(root) {
  const entry = `export { options, sections } from './options'; export { expectationOf } from './expectation';`;
  const [file] = buildSync({
    stdin: { contents: entry, resolveDir: join(root, 'agent/config'), loader: 'ts' },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
  }).outputFiles;
  const module = { exports: {} };
  new Function('module', 'exports', 'require', file.text)(
    module,
    module.exports,
    createRequire(import.meta.url),
  );
  return module.exports;
}
