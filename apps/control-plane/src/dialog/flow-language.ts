// A flow made ready for one agent: in which language its callers speak, and which day it is for them.
import type { AgentProfile, Flow } from '#ports/agent-profile.ts';
import type { Clock } from '#shared/clock.ts';
import type { Dialog } from './dialog.ts';

/** The agent's flow; in the agent's language where it names none of its own. */
export function flowOf({ flow, language }: Pick<AgentProfile, 'flow'> & Partial<Pick<AgentProfile, 'language'>>): Flow {
  return flow.version !== 2 || flow.language !== undefined || language === undefined ? flow : { ...flow, language };
}

/** The dialog with the day of each turn in its state, so that the flow itself needs no clock. Flows of version 1 have no dates. */
export function withToday(dialog: Dialog, flow: Flow, clock: Pick<Clock, 'wallAt'>): Dialog {
  if (flow.version !== 2) return dialog;
  return {
    ...dialog,
    prepare: (state, input, options) => dialog.prepare({ ...state, today: dayIn(flow.timeZone, clock.wallAt()) }, input, options),
  };
}

/** The date in a time zone, such as `2026-12-31`; in that of the machine when none is given. */
function dayIn(timeZone: string | undefined, at: Date): string {
  // Sweden writes dates as ISO 8601 does.
  return new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', ...(timeZone === undefined ? {} : { timeZone }) }).format(at);
}
