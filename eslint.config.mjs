import tseslint from 'typescript-eslint';

const io = [
  'child_process',
  'fs',
  'fs/promises',
  'net',
  'dgram',
  'http',
  'https',
  'tls',
  'timers',
  'timers/promises',
  'worker_threads',
  'os',
];
const ioReason = 'Only host/node, http and boot touch the world: go through a seam of host/ (DESIGN: Seams).';

const upward = (patterns, message) => ({
  'no-restricted-imports': [
    'error',
    {
      paths: io.flatMap((name) => [
        { name, message: ioReason },
        { name: `node:${name}`, message: ioReason },
      ]),
      patterns: [{ regex: `^(\\.\\./)+(${patterns.join('|')})(/|$)`, message }],
    },
  ],
});

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/', 'var/', 'out/', 'agent/generated/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'max-lines': ['error', { max: 250 }],
      'max-depth': ['error', 3],
      'max-lines-per-function': ['error', { max: 60, skipComments: true, skipBlankLines: true }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ['agent/model/**', 'agent/host/*.ts'],
    rules: upward(
      [
        'config',
        'haproxy',
        'keepalived',
        'network',
        'supervisor',
        'pki',
        'core',
        'http',
        'surfaces',
        'heartbeat',
        'boot',
        'cli',
        'testing',
      ],
      'The two lowest floors know nothing of what stands on them.',
    ),
  },
  {
    files: ['agent/{config,haproxy,keepalived,network,supervisor,pki}/**'],
    rules: upward(
      ['core', 'http', 'surfaces', 'heartbeat', 'boot', 'cli', 'testing', 'host/node'],
      'A trade walks down only: host/ interfaces and model/.',
    ),
  },
  {
    files: ['agent/core/**'],
    rules: upward(
      ['http', 'surfaces', 'heartbeat', 'boot', 'cli', 'testing', 'host/node'],
      'The core knows no wire and builds no real host.',
    ),
  },
  {
    files: ['agent/haproxy/**', 'agent/core/**', 'agent/surfaces/**'],
    ignores: ['agent/haproxy/runtime/command.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'CallExpression[callee.property.name=/^(command|read|write|ask|request|exchange)$/] > TemplateLiteral',
          message: 'Only haproxy/runtime/command.ts puts commands together: runtimeCommand(…).',
        },
        {
          selector:
            'TemplateElement[value.raw=/^(@[1!]|(set|show|get|add|del|enable|disable|shutdown) (server|stat|weight|servers|sessions|health|agent)\\b)/]',
          message: 'Only haproxy/runtime/command.ts puts commands together: runtimeCommand(…).',
        },
      ],
    },
  },
  {
    files: ['tests/**'],
    rules: {
      'max-lines': 'off',
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.cjs'],
    extends: [tseslint.configs.recommended],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
);
