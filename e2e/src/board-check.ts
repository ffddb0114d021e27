/** Asks a Prometheus what every panel of every board would show. */
import { readdir, readFile } from 'node:fs/promises';
import type { RigMonitoring } from './rig-monitoring.ts';

const FOLDER = new URL('../../grafana/dashboards/', import.meta.url);

/** Series that only a GPU's server exports: there is none where this runs. Panels that ask for nothing else are named, not asked. */
const GPU_ONLY = /\bnv_[a-z_]+/;

/** What the boards got. `needsGpu`: panels that could not be asked here. */
export type BoardCheck = { readonly panels: number; readonly withoutData: readonly string[]; readonly needsGpu: readonly string[] };

type Target = { readonly expr: string };
type PanelJson = { readonly title: string; readonly targets: readonly Target[] };

/** Every panel must get data for each of its queries: a number, and not the division of nothing by nothing. */
export async function checkBoards({ query }: Pick<RigMonitoring, 'query'>): Promise<BoardCheck> {
  const withoutData: string[] = [];
  const needsGpu: string[] = [];
  let panels = 0;
  for (const name of (await readdir(FOLDER)).toSorted()) {
    const board = JSON.parse(await readFile(new URL(name, FOLDER), 'utf8')) as { title: string; panels: readonly PanelJson[] };
    for (const { title, targets } of board.panels) {
      panels += 1;
      const where = `${board.title} / ${title}`;
      if (targets.every(({ expr }) => GPU_ONLY.test(expr))) needsGpu.push(where);
      else for (const { expr } of targets) if (!(await hasData(query, expr))) withoutData.push(`${where}: ${expr}`);
    }
  }
  return { panels, withoutData, needsGpu };
}

async function hasData(query: RigMonitoring['query'], expr: string): Promise<boolean> {
  const samples = await query(expr.replaceAll(/\$__rate_interval/g, '5m').replaceAll(/"\$[a-z]+"/g, '".*"'));
  return samples.some(({ value: [, text] }) => text !== 'NaN');
}
