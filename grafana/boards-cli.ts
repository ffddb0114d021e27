// `npm run boards`: writes the boards' JSON into grafana/dashboards.
import { writeFile } from 'node:fs/promises';
import { boardFile, boards } from './boards.ts';
import { renderBoard } from './dashboard.ts';

for (const board of boards) await writeFile(new URL(`dashboards/${boardFile(board)}`, import.meta.url), renderBoard(board));
