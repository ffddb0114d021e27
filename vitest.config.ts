/**
 * Four kinds of test. unit: beside the source, no network beyond loopback. db: on PGlite, and on a server when TEST_DATABASE_URL names one.
 * walk: the sandbox over loopback sockets. e2e: real Asterisk and real SIP callers, two files at a time, which mostly wait for speech.
 */
import { defineConfig } from 'vitest/config';

const exclude = ['**/node_modules/**', '**/.rig/**'];
const include = (kind: string) => [`{apps,inference,asterisk,provision,e2e,bench,grafana,prometheus,scripts}/**/*.${kind}.test.ts`];

export default defineConfig({
  test: {
    // Tests that load onnxruntime themselves must not report from a developer's machine either.
    env: { ORT_DISABLE_TELEMETRY: '1' },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{apps,inference,asterisk,provision,e2e,bench,grafana,prometheus,scripts}/**/*.test.ts'],
          exclude: [...exclude, '**/*.{db,walk,e2e}.test.ts'],
          testTimeout: 15_000,
          hookTimeout: 30_000,
        },
      },
      { test: { name: 'db', include: include('db'), exclude, testTimeout: 30_000, hookTimeout: 60_000 } },
      { test: { name: 'walk', include: include('walk'), exclude, testTimeout: 120_000, hookTimeout: 60_000 } },
      {
        test: {
          name: 'e2e',
          include: include('e2e'),
          exclude,
          testTimeout: 180_000,
          hookTimeout: 600_000,
          maxWorkers: 2,
          sequence: { concurrent: false },
        },
      },
    ],
  },
});
