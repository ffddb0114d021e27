/** The formatter, the compiler and the search for dead code each meet a fault planted for them: a check that cannot fail is none. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

const repository = resolve(import.meta.dirname, '..');
const copied = ['.oxfmtrc.json', 'knip.config.ts', 'tsconfig.json', 'package.json', 'apps/control-plane/package.json'];
const source = 'apps/control-plane/src';
const files: Record<string, string> = {
  [`${source}/main.ts`]: `import { used } from './used.ts';\n\nused();\n`,
  [`${source}/used.ts`]: `export function used(): void {}\n\nexport function deadExport(): void {}\n`,
  [`${source}/dead-file.ts`]: `export const deadValue = 1;\n`,
  [`${source}/badly-formatted.ts`]: `const  a = "x"\n`,
  [`${source}/wrong-type.ts`]: `const list: string[] = [];\nlist[0].trim();\n`,
  [`${source}/enumeration.ts`]: `enum Floor {\n  open,\n}\n`,
};
const planted = mkdtempSync(join(tmpdir(), 'planted-checks-'));

function run(program: string, ...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(join(repository, 'node_modules/.bin', program), args, { cwd: planted, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

beforeAll(() => {
  for (const path of [...copied, ...Object.keys(files)]) mkdirSync(dirname(join(planted, path)), { recursive: true });
  for (const path of copied) cpSync(join(repository, path), join(planted, path));
  for (const [path, text] of Object.entries(files)) writeFileSync(join(planted, path), text);
  symlinkSync(join(repository, 'node_modules'), join(planted, 'node_modules'));
});

afterAll(() => rmSync(planted, { recursive: true, force: true }));

it('the formatter reports a file that is not formatted, and only that', () => {
  const { status, output } = run('oxfmt', '--check', source);
  expect(status).toBe(1);
  expect(output).toContain('badly-formatted.ts');
  expect(output).not.toContain('used.ts');
});

it('the compiler reports an unchecked index and an enumeration', () => {
  const { status, output } = run('tsc', '-p', '.');
  expect(status).not.toBe(0);
  expect(output).toMatch(/wrong-type\.ts\(2,\d+\): error TS2532/);
  expect(output).toMatch(/enumeration\.ts\(1,\d+\): error TS1294/);
});

it('the search for dead code reports what nobody uses', () => {
  const { status, output } = run('knip', '--no-progress');
  expect(status).toBe(1);
  expect(output).toMatch(/deadExport\s/);
  expect(output).toMatch(/deadValue\s/);
  expect(output).toMatch(/hono\s+apps\/control-plane\/package\.json/);
  expect(output).not.toMatch(/\bused\s+function/);
});
