// Short forms of the panels that boards are written with.
import type { Panel, Unit, Variable } from './dashboard.ts';

type Text = Omit<Panel, 'kind' | 'unit' | 'queries'>;

/** A line per series over time. */
export function lines(text: Text, unit: Unit, queries: Panel['queries']): Panel {
  return { ...text, kind: 'timeseries', unit, queries };
}

/** One figure as it is now. */
export function figure(text: Text, unit: Unit, expr: string): Panel {
  return { ...text, kind: 'stat', unit, queries: { '': expr } };
}

/** The control planes that report to this Prometheus. */
export const instanceVariable: Variable = {
  name: 'instance',
  label: 'Control plane',
  query: 'label_values(centralita_build_info, instance)',
};
/** The machines. */
export const hostVariable: Variable = { name: 'host', label: 'Machine', query: 'label_values(node_uname_info, instance)' };

/** Quantiles of a histogram, by a label or as one. */
export function quantiles(name: string, by: string | null, selector = '$I'): Record<string, string> {
  const group = by === null ? 'le' : `le, ${by}`;
  const prefix = by === null ? '' : `{{${by}}} `;
  return Object.fromEntries(
    [0.5, 0.95].map((quantile) => [
      `${prefix}p${quantile * 100}`,
      `histogram_quantile(${quantile}, sum by (${group}) (rate(${name}_bucket{${selector}}[$__rate_interval])))`,
    ]),
  );
}
