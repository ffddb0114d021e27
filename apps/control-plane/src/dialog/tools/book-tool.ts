// Takes a slot for the caller, first as a hold; the caller's yes to what was read back makes it a booking.
import { z } from 'zod';
import type { Appointment, AppointmentBook } from '#ports/appointment-book.ts';
import { BOOKING_BUDGET_MS, dateArgument, serviceArgument, staffArgument, timeArgument } from './booking-arguments.ts';
import type { BookingWork } from './booking-lookup.ts';
import { bookingTexts } from './booking-texts.ts';
import {
  chooseAppointment,
  describeAppointment,
  explainRefusal,
  factsOf,
  findService,
  findStaffId,
  refused,
  startWork,
} from './booking-lookup.ts';
import type { Tool, ToolContext, ToolOutcome } from './tool.ts';

const bookArguments = z.strictObject({
  service: serviceArgument,
  date: dateArgument,
  time: timeArgument,
  name: z.string().trim().min(1).max(120).describe('Whose appointment it is'),
  phone: z
    .string()
    .regex(/^\+?[0-9 ()-]{4,24}$/, 'must be a telephone number')
    .optional()
    .describe('Only when it is not the number that they call from'),
  staff: staffArgument.optional(),
});
const confirmArguments = z.strictObject({
  date: dateArgument.optional().describe('Of the appointment, only when the caller has more than one'),
  time: timeArgument.optional().describe('Of the appointment, only when the caller has more than one'),
});

/** Offers `book`. */
export function createBookTool(book: AppointmentBook): Tool<z.infer<typeof bookArguments>> {
  return {
    name: 'book',
    description: 'Holds a free time for the caller for some minutes; it is read back to them for you. With their yes it is confirmed.',
    effect: 'write',
    arguments: bookArguments,
    budgetMs: BOOKING_BUDGET_MS,
    // With another appointment the same words mean another one.
    undoes: ['confirm', 'cancel'],
    async run({ service: spokenService, staff, name, phone, date, time }, context) {
      const work = await startWork(book, context);
      const service = findService(work, spokenService);
      if (service.kind === 'refused') return service;
      const staffId = findStaffId(work, service.value, staff);
      if (staffId.kind === 'refused') return staffId;
      const contactNumber = phone ?? context.callerNumber;
      if (contactNumber === null || contactNumber === '') return refused(work.texts.missingNumber);
      const wanted = { serviceId: service.value.serviceId, staffId: staffId.value, date, time };
      const { conversationId } = context;
      const outcome = await book.book(context.scope, { ...wanted, contactName: name, contactNumber, conversationId, as: 'held' });
      if (outcome.kind === 'booked' || outcome.kind === 'already_booked') return told(work, outcome.appointment);
      return explainRefusal(work, outcome, { service: service.value, staffId: staffId.value, date });
    },
  };
}

function told(work: BookingWork, appointment: Appointment): ToolOutcome {
  const what = describeAppointment(work, appointment);
  const { date, time, state } = appointment;
  if (state !== 'held') return { kind: 'done', text: work.texts.already(what), facts: factsOf(appointment) };
  return {
    kind: 'done',
    text: work.texts.held(what, work.catalogue.holdMinutes),
    facts: factsOf(appointment),
    ask: { question: work.texts.shallIConfirm(what), tool: 'confirm', args: { date, time } },
  };
}

/** Offers `confirm`. */
export function createConfirmTool(book: AppointmentBook): Tool<z.infer<typeof confirmArguments>> {
  return {
    name: 'confirm',
    description: 'Confirms the appointment that book holds, after the caller said yes to it.',
    // The yes to what `book` reads out is asked for by `book` itself; this is for whoever comes back to it later.
    effect: 'guarded',
    question: (_, language) => bookingTexts(language).shallIConfirmHeld,
    arguments: confirmArguments,
    budgetMs: BOOKING_BUDGET_MS,
    async run(args, context) {
      const work = await startWork(book, context);
      const own = await ownAppointments(book, context);
      const open = own.filter(({ state, ended }) => state === 'held' || ended === 'hold_expired');
      const candidates = open.length > 0 ? open : own.filter(({ state }) => state === 'confirmed');
      if (candidates.length === 0) return refused(work.texts.nothingToConfirm);
      const chosen = chooseAppointment(work, candidates, args);
      if (chosen.kind === 'refused') return chosen;
      return chosen.value.ended === 'hold_expired' ? bookAgain(work, chosen.value) : confirm(work, chosen.value);
    },
  };
}

/** What was booked in this conversation: nobody confirms what another one holds. */
async function ownAppointments(book: AppointmentBook, { scope, conversationId }: ToolContext): Promise<readonly Appointment[]> {
  return book.listUpcoming(scope, { conversationId, callerNumber: null });
}

async function confirm(work: BookingWork, { appointmentId, ...held }: Appointment): Promise<ToolOutcome> {
  const outcome = await work.book.confirm(work.context.scope, appointmentId);
  if (outcome.kind === 'confirmed') return confirmed(work, outcome.appointment);
  // It ran out between the look and the word.
  return outcome.kind === 'ended' && outcome.appointment.ended === 'hold_expired'
    ? bookAgain(work, { appointmentId, ...held })
    : refused(work.texts.ended);
}

/** The caller took longer than the hold: the same again, if nobody else took it. */
async function bookAgain(work: BookingWork, late: Appointment): Promise<ToolOutcome> {
  const { book, context, catalogue, texts } = work;
  const { service, staff, date, time, contactName, contactNumber } = late;
  const wanted = { serviceId: service.serviceId, staffId: staff.staffId, date, time, contactName, contactNumber };
  const outcome = await book.book(context.scope, { ...wanted, conversationId: context.conversationId, as: 'confirmed' });
  if (outcome.kind === 'booked' || outcome.kind === 'already_booked') return confirmed(work, outcome.appointment);
  const known = catalogue.services.find(({ serviceId }) => serviceId === service.serviceId);
  return known ? explainRefusal(work, outcome, { service: known, staffId: undefined, date }) : refused(texts.ended);
}

function confirmed(work: BookingWork, appointment: Appointment): ToolOutcome {
  return { kind: 'done', text: work.texts.confirmed(describeAppointment(work, appointment)), facts: factsOf(appointment) };
}
