import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { configVariables } from '#app/config.ts';
import { environmentDocument } from './environment-table.ts';

it('docs/environment.md says what the configuration reads; `npm run environment` writes it anew', async () => {
  const file = resolve(import.meta.dirname, '../../../../docs/environment.md');
  expect(await readFile(file, 'utf8')).toBe(environmentDocument());
});

it('limits, defaults and secrets are those of the schema', () => {
  const row = (name: string) =>
    environmentDocument()
      .split('\n')
      .find((line) => line.startsWith(`| \`${name}\``));
  expect(row('DRAIN_SECONDS')).toContain('| a whole number from 0 to 86400 | s | `');
  expect(row('DATABASE_URL')).toContain('`DATABASE_URL` 🔒');
  expect(row('DATABASE_URL')).toContain('**must be set**');
  expect(row('OTEL_EXPORTER_OTLP_ENDPOINT')).toContain('| nothing |');
  for (const name of configVariables) expect(row(name)).toMatch(/^\| `[A-Z0-9_]+`( 🔒)? \| [^|]{5,} \| .{3,} \| [a-z]* \| \S.* \|$/);
});
