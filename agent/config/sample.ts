// Prints the option table for operators: etc/agent.conf.sample and docs/configuration.md. Both files are what
// these functions return, and a test holds them to it.

import { expectationOf } from './expectation';
import type { Option } from './option';
import { options, sections, variableOf } from './options';
import { defaultConfigFile, defaultLocalFile } from './sources';

/** Renders the sample: every option that has an effect, commented out, with its default. */
export function renderSample(): string {
  const head = [
    '# amphorad: every option with its default. Written from the option table; docs/configuration.md explains',
    `# the format. A controller writes ${defaultConfigFile}; what you add goes into`,
    `# ${defaultLocalFile}, which the agent reads after it.`,
  ];
  const blocks = sections.map((section) => {
    const own = optionsOf(section);
    const note = isLocal(section)
      ? [`# Ignored in ${defaultConfigFile}: a controller may replace that file.`]
      : [];
    return ['', ...note, `[${section}]`, ...own.flatMap(sampleLines)].join('\n');
  });
  return `${[...head, ...blocks].join('\n')}\n`;
}

/** Renders the documentation of the configuration, tables included. */
export function renderDocs(): string {
  const tables = (local: boolean): readonly string[] =>
    sections.filter((section) => isLocal(section) === local).flatMap(sectionTable);
  const ignored = options.filter((option) => option.ignored === true).map((option) => `\`${option.key}\``);
  return `${[
    ...introduction,
    '## What controllers write',
    '',
    `Also accepted there, without effect: ${ignored.join(', ')}.`,
    '',
    'A controller may replace the file while the agent runs (`PUT /1.0/config`). "Not over the API" marks what it must',
    'leave as it is; unless a local file sets it, which then counts.',
    '',
    ...tables(false),
    '## What only this machine decides',
    '',
    `Honoured in every source but the first \`--config-file\`, which a controller may replace over the API.`,
    `There these sections are ignored with a warning; the usual place is \`${defaultLocalFile}\`.`,
    '',
    ...tables(true),
  ]
    .join('\n')
    .trimEnd()}\n`;
}

const documented: readonly string[] = options.flatMap(({ variable, section, key }) =>
  variable === undefined ? [] : [`   - \`${variable}\`: \`[${section}] ${key}\``],
);

const introduction: readonly string[] = [
  '# Configuration',
  '',
  '`amphorad check` reads the same sources as the agent, lists all that is wrong at once, and prints the',
  'configuration in force: each value, where it comes from, secrets masked.',
  '',
  '## Sources',
  '',
  'Later ones override earlier ones:',
  '',
  `1. \`--config-file FILE\`, repeatable; \`${defaultConfigFile}\` when none is given`,
  '2. `--config-dir DIR`, repeatable: every `*.conf` in it, sorted by name',
  `3. \`--local-config FILE\`; \`${defaultLocalFile}\` when none is given, which need not exist`,
  '4. the variables that the runtime API is known by; an empty one counts for nothing:',
  ...documented,
  '5. environment variables `AMPHORAD_<SECTION>_<KEY>`, such as',
  `   \`${variableOf({ section: 'health_manager', key: 'heartbeat_key' })}\``,
  '',
  '## Format',
  '',
  "oslo.config's INI: `key = value` or `key: value` under a `[section]`. A comment is a line that starts with",
  '`#` or `;`; elsewhere these are part of the value. A line that starts with a blank continues the value above',
  'it. One pair of quotes around a value is dropped. When a key repeats, the last one counts.',
  '',
  '`$name` and `${name}` stand for another option of the same section or of `[DEFAULT]`, `${section.name}` for',
  'one of another section; `$$` is a dollar sign. A `$` in `heartbeat_key` that names no option is kept as it is,',
  'with a warning.',
  '',
  'Unknown options and sections are ignored with a warning. A wrong value, or two values that contradict each',
  'other, refuse the whole configuration, with file, line, key, value and what was expected:',
  '',
  '```',
  'agent.conf:12: [health_manager] heartbeat_interval = "ten": expected a number of seconds (…), 0.1 to 3600',
  '```',
  '',
  'Refused as contradictions: `base_cert_dir` that is `base_path` or lies above it; one file as both',
  '`agent_server_cert` and `agent_server_ca`; heartbeats without `heartbeat_key`; a `[metrics]` listener that is',
  'not loopback without `allow_remote`; a `[runtime_api]` listener that is not loopback, or `require_token`, without',
  'a token; a token and a token file; `instances` of which several have one name, or one among several none; two',
  'listeners on one address and port.',
  '',
];

function sectionTable(section: string): readonly string[] {
  const rows = optionsOf(section).map((option) => {
    const preset =
      option.required === true ? '(required)' : option.default === '' ? '' : `\`${option.default}\``;
    const restart = option.restart ? (option.boxDecides === true ? 'yes; not over the API' : 'yes') : 'no';
    return `| \`${option.key}\` | ${preset} | ${option.help} | ${expectationOf(option)} | ${restart} |`;
  });
  return [
    `### [${section}]`,
    '',
    '| option | default | meaning | accepts | restart to change |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ];
}

function sampleLines(option: Option): readonly string[] {
  const restart = option.restart ? ' Restart to change.' : '';
  const required = option.required === true ? ' Required.' : '';
  return [
    '',
    `# ${option.help}${required}`,
    `# Accepts ${expectationOf(option)}.${restart}`,
    `#${option.key} = ${option.default}`.trimEnd(),
  ];
}

function optionsOf(section: string): readonly Option[] {
  return options.filter((option) => option.section === section && option.ignored !== true);
}

function isLocal(section: string): boolean {
  return options.some((option) => option.section === section && option.localOnly);
}
