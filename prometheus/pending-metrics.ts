// Series that rules and boards ask for before the code that exports them is in: this list only shrinks, and a name that is exported may not be in it.

export const PENDING_METRICS: ReadonlyMap<string, string> = new Map([
  ['centralita_call_capacity', 'gauge'],
  ['centralita_capacity_headroom', 'gauge'],
  ['centralita_admission_refused_total', 'counter'],
]);
