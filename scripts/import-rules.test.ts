/** A linter that reads nothing prints a green tick, so every rule that matters is broken here on purpose and must be reported. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { areas, importTable, packages } from './import-table.ts';
import type { FolderRule } from './import-table.ts';

const repository = resolve(import.meta.dirname, '..');
const oxlint = join(repository, 'node_modules/oxlint/bin/oxlint');
const configFiles = ['oxlint.config.ts', 'tsconfig.json', 'package.json', 'apps/control-plane/package.json', 'scripts/import-table.ts'];

type Diagnostic = { code: string; filename: string; labels: { span: { line: number } }[] };

/** A file of the planted tree: the rule that it must trip and how often, or null for a clean twin that must pass. */
type Plant = { path: string; source: string; code: string | null; times?: number };

/** A line for one file, which may import everything. */
const isRoot = (rule: FolderRule) => /(main|early-calls)\.ts$/.test(rule.files);
const folderOf = (rule: FolderRule) => rule.files.replace(/\*\*\/\*\.test\.ts$|\*\*$|\*\.ts$/, '');
const fileOf = (rule: FolderRule, name: string) => {
  if (isRoot(rule)) return rule.files;
  return `${folderOf(rule)}${name}${rule.files.endsWith('.test.ts') ? '.test.ts' : '.ts'}`;
};
const typeImport = (specifier: string, index = 0) =>
  `import type { Planted as P${index} } from '${specifier}';\nexport type Local${index} = P${index};\n`;
const typeImports = (specifiers: string[]) => specifiers.map(typeImport).join('');
/** An area is named by a file that is allowed where the area is: the call engine, or the first feature's store. */
const areaFile = (area: string) => {
  if (area === 'engine') return '#engine/call-engine.ts';
  if (area === 'features') return '#features/access/access-store.ts';
  return `#${area}/planted.ts`;
};

/** One file with everything that a line of the table bans, one with everything it allows. */
function plantsOf(rule: FolderRule): Plant[] {
  const banned = [
    ...areas.filter((area) => !rule.areas.includes(area)).map(areaFile),
    ...packages.filter((name) => !rule.packages.includes(name)).map((name) => `${name}/planted.ts`),
    ...(rule.noVendor ? ['hono', 'drizzle-orm', '@grpc/grpc-js'] : []),
    '../planted.ts',
  ];
  const allowed = ['./beside.ts', ...rule.areas.map(areaFile), ...rule.packages.map((name) => `${name}/planted.ts`)];
  const twin: Plant = { path: fileOf(rule, 'allowed'), source: typeImports(allowed), code: null };
  if (isRoot(rule)) return [twin];
  return [{ path: fileOf(rule, 'banned'), source: typeImports(banned), code: 'eslint(no-restricted-imports)', times: banned.length }, twin];
}

const featurePlants: Plant[] = [
  { path: 'features/calls/later.ts', source: typeImport('#features/reports/report-store.ts'), code: 'eslint(no-restricted-imports)' },
  { path: 'features/calls/routes.ts', source: typeImport('#features/agents/agent-routes.ts'), code: 'eslint(no-restricted-imports)' },
  { path: 'features/calls/store.ts', source: typeImport('#features/agents/agent-store.ts'), code: null },
  { path: 'features/calls/insides.ts', source: typeImport('#engine/live-call.ts'), code: 'eslint(no-restricted-imports)' },
].map((plant) => ({ ...plant, path: `apps/control-plane/src/${plant.path}` }));

const ruleFolder = 'apps/control-plane/src/shared';
const manyLines = (count: number) => Array.from({ length: count }, (_, index) => `export const line${index} = ${index};\n`).join('');
const longBody = (count: number) => Array.from({ length: count }, (_, index) => `  total += ${index};\n`).join('');

/** One violation and its clean twin per rule that is not about folders. */
const rulePlants: Plant[] = [
  {
    path: 'floating.ts',
    source: `async function run(): Promise<void> {}\nexport function go(): void {\n  run();\n}\n`,
    code: 'typescript(no-floating-promises)',
  },
  {
    path: 'awaited.ts',
    source: `async function run(): Promise<void> {}\nexport async function go(): Promise<void> {\n  await run();\n}\n`,
    code: null,
  },
  {
    path: 'misused.ts',
    source: `const ready = async (): Promise<boolean> => true;\nexport const answer = ready() ? 1 : 2;\n`,
    code: 'typescript(no-misused-promises)',
  },
  {
    path: 'thenable.ts',
    source: `export async function go(): Promise<number> {\n  return await 3;\n}\n`,
    code: 'typescript(await-thenable)',
  },
  {
    path: 'switch-missing.ts',
    source: `type Floor = { kind: 'a' } | { kind: 'b' };\nexport function read(floor: Floor): number {\n  switch (floor.kind) {\n    case 'a':\n      return 1;\n  }\n  return 0;\n}\n`,
    code: 'typescript(switch-exhaustiveness-check)',
  },
  {
    path: 'switch-whole.ts',
    source: `type Floor = { kind: 'a' } | { kind: 'b' };\nexport function read(floor: Floor): number {\n  switch (floor.kind) {\n    case 'a':\n      return 1;\n    case 'b':\n      return 2;\n  }\n}\n`,
    code: null,
  },
  { path: 'any.ts', source: `export const value: any = 3;\n`, code: 'typescript(no-explicit-any)' },
  {
    path: 'cycle-one.ts',
    source: `import type { Two } from './cycle-two.ts';\nexport type One = { two: Two };\n`,
    code: 'import(no-cycle)',
  },
  {
    path: 'cycle-two.ts',
    source: `import type { One } from './cycle-one.ts';\nexport type Two = { one: One };\n`,
    code: 'import(no-cycle)',
  },
  { path: 'line-one.ts', source: `import type { LineTwo } from './line-two.ts';\nexport type LineOne = { two: LineTwo };\n`, code: null },
  { path: 'line-two.ts', source: `export type LineTwo = { two: number };\n`, code: null },
  { path: 'default-export.ts', source: `export default 3;\n`, code: 'import(no-default-export)' },
  { path: 'barrel.ts', source: `export * from './line-two.ts';\n`, code: 'oxc(no-barrel-file)' },
  { path: 'parent.ts', source: typeImport('../audio/planted.ts'), code: 'eslint(no-restricted-imports)' },
  { path: 'console.ts', source: `console.log('x');\nexport const said = true;\n`, code: 'eslint(no-console)' },
  { path: 'environment.ts', source: `export const home = process.env['HOME'];\n`, code: 'eslint(no-restricted-properties)' },
  { path: 'CamelCase.ts', source: `export const name = 1;\n`, code: 'unicorn(filename-case)' },
  { path: 'long-file.ts', source: manyLines(401), code: 'eslint(max-lines)' },
  { path: 'whole-file.ts', source: manyLines(400), code: null },
  {
    path: 'long-function.ts',
    source: `export function sum(): number {\n  let total = 0;\n${longBody(60)}  return total;\n}\n`,
    code: 'eslint(max-lines-per-function)',
  },
  {
    path: 'whole-function.ts',
    source: `export function sum(): number {\n  let total = 0;\n${longBody(50)}  return total;\n}\n`,
    code: null,
  },
  {
    path: 'four-params.ts',
    source: `export const add = (a: number, b: number, c: number, d: number): number => a + b + c + d;\n`,
    code: 'eslint(max-params)',
  },
  { path: 'three-params.ts', source: `export const add = (a: number, b: number, c: number): number => a + b + c;\n`, code: null },
  { path: 'throws-text.ts', source: `export function fail(): never {\n  throw 'text';\n}\n`, code: 'typescript(only-throw-error)' },
  { path: 'empty.test.ts', source: `import { it } from 'vitest';\nit('asserts nothing', () => {});\n`, code: 'vitest(expect-expect)' },
  {
    path: 'focused.test.ts',
    source: `import { expect, it } from 'vitest';\nit.only('runs alone', () => expect(1).toBe(1));\n`,
    code: 'vitest(no-focused-tests)',
  },
].map((plant) => ({ ...plant, path: `${ruleFolder}/${plant.path}` }));

function runOxlint(cwd: string): Diagnostic[] {
  try {
    const out = execFileSync(process.execPath, [oxlint, '--type-aware', '--format', 'json'], { cwd, encoding: 'utf8', maxBuffer: 1 << 26 });
    return (JSON.parse(out) as { diagnostics: Diagnostic[] }).diagnostics;
  } catch (cause) {
    const { stdout } = cause as { stdout?: string };
    if (!stdout?.startsWith('{')) throw new Error('oxlint did not run on the planted tree', { cause });
    return (JSON.parse(stdout) as { diagnostics: Diagnostic[] }).diagnostics;
  }
}

const plants = [...importTable.flatMap(plantsOf), ...featurePlants, ...rulePlants];
const planted = mkdtempSync(join(tmpdir(), 'planted-'));
const reported = new Map<string, Diagnostic[]>();

beforeAll(() => {
  for (const file of configFiles) {
    mkdirSync(dirname(join(planted, file)), { recursive: true });
    cpSync(join(repository, file), join(planted, file));
  }
  symlinkSync(join(repository, 'node_modules'), join(planted, 'node_modules'));
  for (const plant of plants) {
    const path = join(planted, plant.path);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, plant.source);
  }
  for (const found of runOxlint(planted)) reported.set(found.filename, [...(reported.get(found.filename) ?? []), found]);
}, 60_000);

afterAll(() => rmSync(planted, { recursive: true, force: true }));

describe('the linter', () => {
  it.each(plants.filter((plant) => plant.code !== null))('reports $code in $path', ({ path, code, times }) => {
    const lines = (reported.get(path) ?? []).filter((found) => found.code === code).map((found) => found.labels[0]?.span.line);
    expect(new Set(lines).size).toBe(times ?? 1);
  });

  it.each(plants.filter((plant) => plant.code === null))('accepts $path', ({ path }) => {
    expect((reported.get(path) ?? []).map((found) => found.code)).toEqual([]);
  });
});
