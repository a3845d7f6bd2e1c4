// Who may do what with the package and with all that is bundled in it, in Debian's machine-readable form, DEP-5.
const apache = [
  'On Debian systems the full text of the Apache License, Version 2.0, is in',
  '/usr/share/common-licenses/Apache-2.0.',
];

/** Renders it; `node` is the Node that is bundled, if one is. */
export function copyright(libraries, node) {
  const own = paragraph('*', 'the amphorad authors', 'Apache-2.0', apache);
  const bundled = libraries.map(({ name, version, licence, text }) =>
    paragraph(`usr/lib/amphorad/*.cjs`, `the authors of ${name}`, `${name}-${version}`, [
      `${name} ${version} is under ${licence}.`,
      '',
      ...ownWords(text),
    ]),
  );
  const runtime =
    node === undefined
      ? []
      : [
          paragraph(
            'usr/lib/amphorad/node',
            'the Node.js contributors and the authors of what it contains',
            'Node.js',
            [
              `Node.js ${node.version} is under MIT; its own notices, and those of what it`,
              'contains, are in /usr/share/doc/amphorad-bundled/NOTICES.node.gz.',
            ],
          ),
        ];
  const head =
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: amphorad\n';
  return [head, own, ...bundled, ...runtime].join('\n');
}

const common = [
  { begins: /^\s*GNU GENERAL PUBLIC LICENSE$/m, file: 'GPL-2' },
  { begins: /^\s*Apache License\r?\n\s*Version 2\.0/m, file: 'Apache-2.0' },
];

/** The text of a licence, without those that every Debian system has. */
function ownWords(text) {
  let own = text;
  const elsewhere = [];
  for (const { begins, file } of common) {
    if (!begins.test(own)) continue;
    [own] = own.split(begins);
    elsewhere.push(`The rest is the text of /usr/share/common-licenses/${file}.`);
  }
  return [...own.trimEnd().split(/\r?\n/), ...elsewhere];
}

function paragraph(files, holder, licence, lines) {
  const text = lines
    .map((line) => (line.trim() === '' ? ' .' : ` ${line.replace(/[\t\f]/g, ' ')}`))
    .join('\n');
  return `Files: ${files}\nCopyright: ${holder}\nLicense: ${licence}\n${text}\n`;
}
