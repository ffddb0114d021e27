// Gives up or moves an appointment of the caller's: of this conversation, or of the number that calls. Both ask the caller first.
import { z } from 'zod';
import type { Appointment, AppointmentBook } from '#ports/appointment-book.ts';
import { BOOKING_BUDGET_MS, dateArgument, staffArgument, timeArgument } from './booking-arguments.ts';
import type { BookingWork } from './booking-lookup.ts';
import { chooseAppointment, describeAppointment, explainRefusal, factsOf, findStaffId, refused, startWork } from './booking-lookup.ts';
import type { Tool, ToolContext, ToolOutcome } from './tool.ts';

const which = {
  date: dateArgument.optional().describe('Of the appointment as it is now, only when the caller has more than one'),
  time: timeArgument.optional().describe('Of the appointment as it is now, only when the caller has more than one'),
};
const cancelArguments = z.strictObject(which);
const rescheduleArguments = z.strictObject({
  newDate: dateArgument,
  newTime: timeArgument,
  staff: staffArgument.optional(),
  ...which,
});

/** Offers `cancel`. */
export function createCancelTool(book: AppointmentBook): Tool<z.infer<typeof cancelArguments>> {
  return {
    name: 'cancel',
    description: "Cancels a coming appointment of the caller's. It knows those of this conversation and of the number that calls.",
    effect: 'guarded',
    arguments: cancelArguments,
    budgetMs: BOOKING_BUDGET_MS,
    undoes: ['book', 'confirm', 'reschedule'],
    async run(args, context) {
      const work = await startWork(book, context);
      const chosen = chooseAppointment(work, await coming(book, context), args);
      if (chosen.kind === 'refused') return chosen;
      const outcome = await book.cancel(context.scope, chosen.value.appointmentId);
      if (outcome.kind !== 'cancelled') return refused(work.texts.ended);
      const text = work.texts.cancelled(describeAppointment(work, outcome.appointment));
      return { kind: 'done', text, facts: factsOf(outcome.appointment) };
    },
  };
}

/** Offers `reschedule`. */
export function createRescheduleTool(book: AppointmentBook): Tool<z.infer<typeof rescheduleArguments>> {
  return {
    name: 'reschedule',
    description:
      "Moves a coming appointment of the caller's to another date and time. Look with check_availability first. If the new time cannot be had, the appointment stays as it is.",
    effect: 'guarded',
    arguments: rescheduleArguments,
    budgetMs: BOOKING_BUDGET_MS,
    undoes: ['book', 'confirm', 'cancel', 'reschedule'],
    async run(args, context) {
      const work = await startWork(book, context);
      const chosen = chooseAppointment(work, await coming(book, context), args);
      return chosen.kind === 'refused' ? chosen : move(work, chosen.value, args);
    },
  };
}

async function move(work: BookingWork, old: Appointment, args: z.infer<typeof rescheduleArguments>): Promise<ToolOutcome> {
  const { book, context, catalogue, texts } = work;
  const service = catalogue.services.find(({ serviceId }) => serviceId === old.service.serviceId);
  // The service is no longer offered: the appointment stands, and people have to sort it out.
  if (!service) return refused(texts.unknownService(old.service.name, texts.list(catalogue.services.map(({ name }) => name))));
  const staffId = findStaffId(work, service, args.staff);
  if (staffId.kind === 'refused') return staffId;
  const to = { date: args.newDate, time: args.newTime, staffId: staffId.value, conversationId: context.conversationId };
  const outcome = await book.reschedule(context.scope, old.appointmentId, to);
  if (outcome.kind === 'rescheduled') {
    const { appointment } = outcome;
    const text = texts.rescheduled(describeAppointment(work, appointment), appointment.state === 'held');
    return { kind: 'done', text, facts: factsOf(appointment) };
  }
  if (outcome.kind === 'ended' || outcome.kind === 'not_found') return refused(texts.ended);
  return explainRefusal(work, outcome, { service, staffId: staffId.value, date: args.newDate });
}

/** What stands of the caller's. */
async function coming(book: AppointmentBook, { scope, conversationId, callerNumber }: ToolContext): Promise<readonly Appointment[]> {
  const found = await book.listUpcoming(scope, { conversationId, callerNumber });
  return found.filter(({ ended }) => ended === null);
}
