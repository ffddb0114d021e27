/** Lint rules of the whole repository. The import table is data in `scripts/import-table.ts`; a planted violation per rule is in its test. */
import { defineConfig } from 'oxlint';
import { bannedPatterns, importTable } from './scripts/import-table.ts';

const tests = ['**/*.test.ts', '**/testing/**', '**/test/**', 'e2e/**'];
/** Their longest functions are lists of tests. */
const testLists = ['**/*.test.ts', '**/*.contract.ts'];
/** Programs whose output on the terminal is their purpose. */
const programs = ['scripts/**', 'bench/**', 'provision/**', '**/*-cli.ts', '**/tools/**', '**/generate*.ts'];

export default defineConfig({
  plugins: ['eslint', 'typescript', 'unicorn', 'oxc', 'import', 'node', 'promise', 'vitest'],
  categories: { correctness: 'error' },
  ignorePatterns: ['**/node_modules', '**/generated/**', 'coverage/**', '.rig/**'],
  options: { denyWarnings: true, reportUnusedDisableDirectives: 'error', typeAware: true },
  rules: {
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': ['error', { checksVoidReturn: { arguments: false, attributes: false } }],
    'typescript/await-thenable': 'error',
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    'typescript/no-explicit-any': 'error',
    'typescript/only-throw-error': 'error',
    'typescript/prefer-promise-reject-errors': 'error',
    'typescript/return-await': ['error', 'error-handling-correctness-only'],
    'typescript/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
    'typescript/no-import-type-side-effects': 'error',
    'import/no-cycle': ['error', { ignoreTypes: false }],
    'import/no-default-export': 'error',
    'import/no-self-import': 'error',
    'oxc/no-barrel-file': ['error', { threshold: 0 }],
    'unicorn/filename-case': ['error', { case: 'kebabCase' }],
    'unicorn/prefer-node-protocol': 'error',
    'eslint/eqeqeq': ['error', 'always', { null: 'ignore' }],
    'eslint/no-console': 'error',
    'eslint/no-var': 'error',
    'eslint/prefer-const': 'error',
    'eslint/no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'] }],
    'eslint/max-lines': ['error', { max: 400 }],
    'eslint/max-lines-per-function': ['error', { max: 60, skipComments: true, skipBlankLines: true }],
    'eslint/max-params': ['error', { max: 3 }],
    'eslint/no-restricted-imports': ['error', { patterns: [{ regex: '(^|/)\\.\\.(/|$)', message: 'No "../": use a package import.' }] }],
    'vitest/expect-expect': [
      'error',
      { assertFunctionNames: ['expect', 'expectTypeOf', 'assert', 'fc.assert', 'expect*', 'assert*', 'check*'] },
    ],
    'vitest/no-focused-tests': 'error',
    'vitest/no-disabled-tests': 'error',
  },
  overrides: [
    ...importTable.map((rule) => ({
      files: [rule.files],
      rules: { 'eslint/no-restricted-imports': ['error', { patterns: bannedPatterns(rule) }] as never },
    })),
    { files: ['*.config.ts', '**/*.config.ts'], rules: { 'import/no-default-export': 'off' } },
    { files: programs, rules: { 'eslint/no-console': 'off' } },
    { files: testLists, rules: { 'eslint/max-lines-per-function': 'off' } },
    { files: tests, rules: { 'eslint/no-console': 'off' } },
    {
      files: ['apps/control-plane/src/**'],
      rules: {
        'eslint/no-restricted-properties': [
          'error',
          { object: 'process', property: 'env', message: 'Only a composition root reads the environment; take the value as an argument.' },
        ],
      },
    },
    {
      files: [
        'apps/control-plane/src/boot.ts',
        'apps/control-plane/src/main.ts',
        'apps/control-plane/src/sandbox/main.ts',
        'apps/control-plane/src/**/*.test.ts',
        'apps/control-plane/src/test/**',
      ],
      rules: { 'eslint/no-restricted-properties': 'off' },
    },
  ],
});
