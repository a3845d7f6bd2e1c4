// Three runners of one engine: unit (pure), surfaces (the real agent over mTLS with real haproxy), live (root:
// namespaces, others' drivers). Coverage counts agent/ over all of them.

const transform = {
  '^.+\\.ts$': [
    '@swc/jest',
    {
      jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
      module: { type: 'commonjs' },
      sourceMaps: 'inline',
    },
  ],
};

const runner = (displayName, testMatch) => ({
  displayName,
  rootDir: __dirname,
  testEnvironment: 'node',
  setupFiles: ['<rootDir>/tests/load-tls.cjs'],
  testMatch: testMatch.map((pattern) => `<rootDir>/${pattern}`),
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/out/', '<rootDir>/var/'],
  // What is loaded on first use is imported as Node itself resolves it: with its extension.
  moduleNameMapper: { '^(\\./api-document)\\.js$': '$1' },
  transform,
});

/** @type {import('jest').Config} */
module.exports = {
  projects: [
    runner('unit', ['tests/unit/**/*.test.ts', 'tests/contracts/**/*.test.ts', 'tests/architecture.test.ts']),
    runner('surfaces', ['tests/surfaces/**/*.test.ts']),
    runner('live', ['tests/live/**/*.test.ts']),
  ],
  coverageProvider: 'babel',
  coverageDirectory: 'coverage',
  collectCoverageFrom: ['agent/**/*.ts', '!agent/generated/**', '!agent/boot/main.ts'],
  testTimeout: 30_000,
};
