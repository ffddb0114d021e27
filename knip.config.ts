/** Dead files, exports and dependencies. Entry points are what is started from outside: programs, generators, tests and benches. */
import type { KnipConfig } from 'knip';

const tests = '**/*.test.ts!';
const programs = ['src/main.ts!', 'src/**/*-cli.ts!', 'src/**/*-worker.ts!', '{generator,tools}/**/*.ts!'];

const config: KnipConfig = {
  workspaces: {
    '.': { entry: ['scripts/*.ts', '*.config.ts'], project: ['scripts/**/*.ts', '*.ts'] },
    'apps/control-plane': {
      entry: [...programs, 'src/sandbox/main.ts!', 'src/ports/testing/*.ts', tests],
      project: ['src/**/*.ts!'],
    },
    'inference/triton-client': { entry: ['src/client.ts!', ...programs, tests], project: ['src/**/*.ts!'] },
    'inference/cpu-server': { entry: [...programs, tests], project: ['src/**/*.ts!'] },
    'asterisk/ari-client': { entry: ['src/client.ts!', ...programs, tests], project: ['src/**/*.ts!'] },
    provision: { entry: [...programs, 'src/ensure-root.ts', tests], project: ['src/**/*.ts!'] },
    e2e: { entry: [tests], project: ['**/*.ts!'] },
    bench: { entry: ['src/*-bench.ts', 'src/*-cli.ts', 'src/all-benches.ts', tests], project: ['src/**/*.ts!'] },
  },
  ignore: ['**/generated/**'],
  ignoreDependencies: ['node', 'oxlint-tsgolint'],
};

export default config;
