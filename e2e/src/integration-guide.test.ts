import { readFile } from 'node:fs/promises';
import { problemCodes } from '@centralita/control-plane/http/problem.ts';
import { grantableScopes, scopePresets } from '@centralita/control-plane/shared/permission-scopes.ts';
import { describe, expect, test } from 'vitest';

const page = await readFile(new URL('../../docs/integration-guide.md', import.meta.url), 'utf8');

/** The words in code of a table's first column. */
function firstColumn(heading: string): string[] {
  const section = page.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const cells = section.split('\n').filter((line) => line.startsWith('| `'));
  return cells.flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, word = '']) => word));
}

describe('the integration guide', () => {
  test('names every code that an error may have, and no other', () => {
    expect(firstColumn('Errors').toSorted()).toEqual(problemCodes.toSorted());
  });

  test('names every scope that a token may have, a pair by its star, and every preset', () => {
    const single = grantableScopes.filter((scope) => !/^(campaigns|messages):(read|write)$/.test(scope));
    expect(firstColumn('Scopes').toSorted()).toEqual(single.toSorted());
    for (const preset of Object.keys(scopePresets)) expect(page).toMatch(new RegExp(`Presets: .*\`${preset}\``));
  });
});
