import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readScenarios } from './scenario-file.ts';

const refused = (source: string): string => {
  try {
    readScenarios('a.yaml', source);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'nothing was refused';
};

describe('a file of scenarios', () => {
  it('holds one scenario a document, and short forms of what is often written', () => {
    const source = `
name: one
language: es
steps:
  - opens: true
  - keys: 2
    expect: { slot: { people: 4, smoking: false, day: null }, says: hola }
    within_ms: 500
---
name: two
language: en
steps:
  - silence: true
    expect: { says: [a, b], next: listen }
`;
    expect(readScenarios('a.yaml', source)).toEqual([
      {
        name: 'one',
        language: 'es',
        steps: [
          { opens: true },
          { keys: '2', expect: { slot: { people: '4', smoking: 'false', day: null }, says: ['hola'] }, within_ms: 500 },
        ],
      },
      { name: 'two', language: 'en', steps: [{ silence: 1, expect: { says: ['a', 'b'], next: 'listen' } }] },
    ]);
  });

  it.each([
    ['name: one\nlanguage: es\nsteps:\n  - caller: a\n    expect: { nod: menu }\n', 'a.yaml:5: steps[0].expect: Unrecognized key: "nod"'],
    [
      'name: one\nlanguage: es\nsteps:\n  - caller: a\n    keys: 1\n    expect: { node: m }\n',
      'a.yaml:4: steps[0]: a step is one of opens, caller',
    ],
    ['name: one\nlanguage: es\nsteps:\n  - caller: a\n    expect:\n      next: shrug\n', 'a.yaml:6: steps[0].expect.next: '],
    ['name: one\nsteps:\n  - caller: a\n    expect: { node: m }\n', 'a.yaml:1: language: '],
    ['name: one\nlanguage: es\nsteps:\n  - caller: a\n', 'a.yaml:4: steps: no step expects anything'],
    [
      'name: one\nlanguage: es\nsteps:\n  - caller: a\n    expect: { node: m }\n  - opens: true\n',
      'a.yaml:6: steps[1].opens: only the first',
    ],
    ['name: [one\nlanguage: es\n', 'a.yaml:2: '],
    ['# nothing\n', 'a.yaml: there is no scenario in it'],
  ])('that is wrong is refused with file, line and path: %j', (source, message) => {
    expect(refused(source)).toContain(message);
  });

  it('may not hold two of one name', () => {
    const one = 'name: one\nlanguage: es\nsteps:\n  - caller: a\n    expect: { node: m }\n';
    expect(refused(`${one}---\n${one}`)).toBe('a.yaml: two scenarios are named "one"');
  });

  it('is what the examples are', async () => {
    const folder = new URL('../../../docs/examples/scenarios/', import.meta.url);
    const scenarios = [];
    for (const file of await readdir(folder)) scenarios.push(...readScenarios(file, await readFile(new URL(file, folder), 'utf8')));
    expect(scenarios.length).toBeGreaterThanOrEqual(25);
    expect(new Set(scenarios.map(({ language }) => language))).toEqual(new Set(['es', 'en']));
  });
});
