import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { exportedMetrics, isExported, metricsIn, recordingsIn } from '#prometheus/metric-names.ts';
import { readRecordings } from '#prometheus/rule-files.ts';
import { boardFile, boards } from './boards.ts';
import { renderBoard } from './dashboard.ts';

const folder = new URL('dashboards/', import.meta.url);
const panels = boards.flatMap((board) => board.panels.map((panel) => ({ where: `${board.title} / ${panel.title}`, ...panel })));

describe('the boards', () => {
  it('are committed as the JSON that they make; npm run boards writes it anew', async () => {
    expect((await readdir(folder)).toSorted()).toEqual(boards.map(boardFile).toSorted());
    for (const board of boards) expect(await readFile(new URL(boardFile(board), folder), 'utf8')).toBe(renderBoard(board));
  });

  it('have names of their own, and so have the panels of each', () => {
    expect(new Set(boards.map(({ uid }) => uid)).size).toBe(boards.length);
    for (const { panels: own } of boards) expect(new Set(own.map((panel) => panel.title)).size).toBe(own.length);
  });

  it('place panels beside and below each other, never over each other or the edge', () => {
    for (const board of boards) {
      const { panels: drawn } = JSON.parse(renderBoard(board)) as { panels: { gridPos: Record<'x' | 'y' | 'w' | 'h', number> }[] };
      const cells = drawn.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
      );
      expect(new Set(cells).size).toBe(cells.length);
      expect(drawn.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
    }
  });

  it('choose among what a query finds, with a choice of all', () => {
    for (const { variables } of boards) expect(variables.every(({ query }) => /^label_values\(\w+, \w+\)$/.test(query))).toBe(true);
  });
});

describe('a panel', () => {
  it('explains itself', () => {
    expect(panels.filter(({ description }) => !/^[A-Z0-9`].{10,}\.$/.test(description)).map(({ where }) => where)).toEqual([]);
  });

  it('asks only for variables that its board has', () => {
    for (const { variables, panels: own } of boards) {
      const names = variables.map(({ name }) => name);
      const known = ['__rate_interval', ...names, ...(names.includes('instance') ? ['I'] : [])];
      const asked = own.flatMap(({ queries }) =>
        Object.values(queries).flatMap((expr) => [...expr.matchAll(/\$(\w+)/g)].map(([, name]) => name)),
      );
      expect(asked.filter((name) => !known.includes(name ?? ''))).toEqual([]);
    }
  });

  it('asks for no series that the code does not export, and for no rule that is not there', async () => {
    const exported = await exportedMetrics();
    const recorded = new Set((await readRecordings()).map(({ record }) => record));
    const asked = panels.flatMap(({ queries }) => Object.values(queries));
    expect(asked.flatMap(metricsIn).filter((name) => !isExported(name, exported))).toEqual([]);
    expect(asked.flatMap(recordingsIn).filter((name) => !recorded.has(name))).toEqual([]);
  });
});
