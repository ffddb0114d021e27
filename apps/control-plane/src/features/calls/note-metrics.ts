// What happens inside calls as Prometheus series: who interrupts, which tools are used, where sound ran dry.
import type { Registry } from 'prom-client';
import { Counter, Histogram } from 'prom-client';
import { PRODUCT_TOOL_NAMES } from '#dialog/tools/tool-names.ts';
import type { CallEvent } from '#ports/call-event.ts';

/** Tools that organizations define have names of their own choosing: they are counted together, so that nobody fills the labels. */
const ORGANIZATION_TOOL = 'organization_tool';
const productTools: ReadonlySet<unknown> = new Set(PRODUCT_TOOL_NAMES);

/** From a look into our own rows to the budget of the slowest tool. */
const TOOL_BUCKETS_S = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10];

/** Registers the series; returns what takes notes. */
export function createNoteMetrics(registers: Registry[]): (note: CallEvent & { kind: 'note' }) => void {
  const notes = new Counter({ name: 'centralita_call_notes_total', help: 'Smaller happenings in calls', labelNames: ['name'], registers });
  const bargeIns = new Counter({ name: 'centralita_barge_ins_total', help: "Times that a caller cut the agent's words", registers });
  const underruns = new Counter({
    name: 'centralita_media_underruns_total',
    help: 'Times that a caller heard a hole in a reply, because its sound was not made in time',
    registers,
  });
  const tools = new Counter({
    name: 'centralita_tool_calls_total',
    help: 'Tools that agents used or wanted to use in calls, by tool and by what came of it',
    labelNames: ['tool', 'outcome'],
    registers,
  });
  const toolSeconds = new Histogram({
    name: 'centralita_tool_call_seconds',
    help: 'Time that a tool took in a call, from the call of it until its outcome',
    labelNames: ['tool'],
    buckets: TOOL_BUCKETS_S,
    registers,
  });
  for (const tool of PRODUCT_TOOL_NAMES) tools.inc({ tool, outcome: 'done' }, 0);
  return ({ name, fields }) => {
    notes.inc({ name });
    switch (name) {
      case 'barge_in':
        return bargeIns.inc();
      case 'underrun':
        return underruns.inc();
      case 'tool_called': {
        const tool = productTools.has(fields['tool']) ? String(fields['tool']) : fields['tool'] === null ? 'unknown' : ORGANIZATION_TOOL;
        if (typeof fields['ms'] === 'number') toolSeconds.observe({ tool }, fields['ms'] / 1_000);
        return tools.inc({ tool, outcome: String(fields['verdict']) });
      }
      default:
        return;
    }
  };
}
