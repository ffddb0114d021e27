// What a board is made of, and the JSON that Grafana reads. Boards are data (`boards.ts`); positions, ids and styles come from here.

/** Grafana's names of the units that are used. */
export type Unit = 's' | 'bytes' | 'percentunit' | 'short' | 'reqps' | 'ops' | 'bool_on_off' | 'Bps' | 'none';

/** One panel. */
export type Panel = {
  readonly title: string;
  /** What it tells, and what to do when it looks bad. */
  readonly description: string;
  readonly kind: 'timeseries' | 'stat' | 'gauge' | 'table' | 'bargauge';
  readonly unit: Unit;
  /** Legend -> PromQL. `$I` stands for the choice of the control plane. */
  readonly queries: Readonly<Record<string, string>>;
  /** From where it is yellow and red; with `below` smaller is worse. */
  readonly thresholds?: { readonly yellow: number; readonly red: number; readonly below?: true };
  readonly isStacked?: true;
  /** Of 24 columns; default: 12, and 6 for a single value. */
  readonly width?: number;
};

/** One board. */
export type Board = {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Variable[];
  readonly panels: readonly Panel[];
};

/** A choice at the top of a board, filled by a query of Prometheus. */
export type Variable = { readonly name: string; readonly label: string; readonly query: string };

/** Format of the JSON: that of Grafana 12; older ones from 10 on read it, newer ones migrate it. */
const SCHEMA_VERSION = 41;
const COLUMNS = 24;
const DATASOURCE = { type: 'prometheus', uid: 'centralita-prometheus' };
const INSTANCE = 'instance=~"$instance"';

/** The file of one board. */
export function renderBoard(board: Board): string {
  return `${JSON.stringify(boardJson(board), null, 2)}\n`;
}

function boardJson({ uid, title, description, variables, panels }: Board): object {
  return {
    uid,
    title: `Centralita: ${title}`,
    description,
    tags: ['centralita'],
    schemaVersion: SCHEMA_VERSION,
    version: 1,
    editable: false,
    timezone: 'browser',
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    graphTooltip: 1,
    links: [{ type: 'dashboards', title: 'Boards', tags: ['centralita'], asDropdown: true, includeVars: true, keepTime: true }],
    annotations: { list: [alertAnnotation] },
    templating: { list: variables.map(variableJson) },
    panels: placed(panels).map(panelJson),
  };
}

/** Alerts that fire are marks on every panel. */
const alertAnnotation = {
  name: 'Alerts',
  datasource: DATASOURCE,
  enable: true,
  expr: 'ALERTS{alertstate="firing",severity="page"}',
  iconColor: 'red',
  titleFormat: '{{alertname}}',
};

function variableJson({ name, label, query }: Variable): object {
  return {
    name,
    label,
    type: 'query',
    datasource: DATASOURCE,
    query: { query, refId: name },
    refresh: 2,
    sort: 1,
    includeAll: true,
    multi: true,
    allValue: '.*',
    current: { text: 'All', value: '$__all' },
  };
}

type Placed = {
  readonly panel: Panel;
  readonly id: number;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
};

/** Left to right, a new row where a panel does not fit. */
function placed(panels: readonly Panel[]): Placed[] {
  let [x, y, rowHeight] = [0, 0, 0];
  return panels.map((panel, index) => {
    const isSmall = panel.kind === 'stat' || panel.kind === 'gauge';
    const w = panel.width ?? (isSmall ? 6 : 12);
    const h = isSmall ? 4 : 8;
    if (x + w > COLUMNS) [x, y, rowHeight] = [0, y + rowHeight, 0];
    const place = { panel, id: index + 1, x, y, w, h };
    x += w;
    rowHeight = Math.max(rowHeight, h);
    return place;
  });
}

function panelJson({ panel, id, ...grid }: Placed): object {
  const isTable = panel.kind === 'table';
  return {
    id,
    type: panel.kind,
    title: panel.title,
    description: panel.description,
    datasource: DATASOURCE,
    gridPos: { x: grid.x, y: grid.y, w: grid.w, h: grid.h },
    targets: Object.entries(panel.queries).map(([legend, expr], index) => ({
      refId: String.fromCharCode(65 + index),
      datasource: DATASOURCE,
      expr: expr.replaceAll('$I', INSTANCE),
      legendFormat: legend,
      ...(isTable ? { instant: true, range: false, format: 'table' } : { range: true }),
    })),
    fieldConfig: {
      defaults: {
        unit: panel.unit,
        min: panel.unit === 'percentunit' ? 0 : undefined,
        custom: customOf(panel),
        thresholds: thresholdsOf(panel),
      },
      overrides: [],
    },
    options: optionsOf(panel),
  };
}

function customOf({ kind, isStacked }: Panel): object {
  if (kind !== 'timeseries') return {};
  return {
    lineWidth: 1,
    fillOpacity: isStacked ? 40 : 10,
    showPoints: 'never',
    stacking: { mode: isStacked ? 'normal' : 'none', group: 'A' },
  };
}

function thresholdsOf({ thresholds }: Panel): object {
  const green = { color: 'green', value: null };
  if (!thresholds) return { mode: 'absolute', steps: [green] };
  const { yellow, red, below } = thresholds;
  const up = [green, { color: 'yellow', value: yellow }, { color: 'red', value: red }];
  const down = [
    { color: 'red', value: null },
    { color: 'yellow', value: red },
    { color: 'green', value: yellow },
  ];
  return { mode: 'absolute', steps: below ? down : up };
}

function optionsOf({ kind }: Panel): object {
  if (kind === 'timeseries')
    return { legend: { displayMode: 'list', placement: 'bottom', showLegend: true }, tooltip: { mode: 'multi', sort: 'desc' } };
  if (kind === 'table') return { showHeader: true };
  return { reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false }, colorMode: 'value', graphMode: 'area' };
}
