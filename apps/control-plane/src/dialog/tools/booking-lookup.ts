// From what a caller calls things to what the book knows, and from what the book refuses to words that help the model on.
import type { Appointment, AppointmentBook, BookableService, BookingCatalogue, SlotRefusal } from '#ports/appointment-book.ts';
import type { DayOfSlots, OpenSlot } from '#shared/booking-choice.ts';
import { plainWords } from '#shared/plain-words.ts';
import type { BookingTexts } from './booking-texts.ts';
import { bookingTexts } from './booking-texts.ts';
import { cleanText } from './quoted-text.ts';
import { spokenDate, spokenMoment, spokenTime } from './spoken-time.ts';
import type { ToolContext, ToolOutcome } from './tool.ts';

/** A tool at work: the book, whose it is, and the words of its language. */
export type BookingWork = {
  readonly book: AppointmentBook;
  readonly context: ToolContext;
  readonly catalogue: BookingCatalogue;
  readonly texts: BookingTexts;
};
export type Refusal = Extract<ToolOutcome, { kind: 'refused' }>;
type Found<Value> = { readonly kind: 'found'; readonly value: Value } | Refusal;

/** Names that a model made up are cut before it hears them again. */
const NAME_CHARACTERS = 64;
/** Dates after a refused one that are searched for others, and how many times are named. */
const OTHER_DAYS = 8;
const OTHERS = 3;

export async function startWork(book: AppointmentBook, context: ToolContext): Promise<BookingWork> {
  const catalogue = await book.catalogue(context.scope);
  return { book, context, catalogue, texts: bookingTexts(context.language) };
}

export function refused(text: string): Refusal {
  return { kind: 'refused', text };
}

/** A service by its name or a synonym, or by words that fit exactly one. */
export function findService({ catalogue, texts }: BookingWork, spoken: string): Found<BookableService> {
  const { services } = catalogue;
  if (services.length === 0) return refused(texts.nothingToBook);
  const found = findNamed(services, spoken, ({ name, synonyms }) => [name, ...synonyms]);
  if (found.length === 1 && found[0]) return { kind: 'found', value: found[0] };
  const names = texts.list((found.length === 0 ? services : found).map(({ name }) => name));
  return refused(found.length === 0 ? texts.unknownService(shown(spoken), names) : texts.ambiguousService(names));
}

/** One of the staff that does the service; undefined for anybody. */
export function findStaffId(work: BookingWork, service: BookableService, spoken: string | undefined): Found<string | undefined> {
  if (spoken === undefined) return { kind: 'found', value: undefined };
  const able = work.catalogue.staff.filter(({ serviceIds }) => serviceIds.includes(service.serviceId));
  const found = findNamed(able, spoken, ({ name }) => [name]);
  if (found.length === 1 && found[0]) return { kind: 'found', value: found[0].staffId };
  const names = work.texts.list(able.map(({ name }) => name));
  return refused(work.texts.unknownStaff(shown(spoken), service.name, names));
}

/** All that have exactly this name; else all whose name is within the words, or whose name holds them. */
function findNamed<Named>(all: readonly Named[], spoken: string, namesOf: (one: Named) => readonly string[]): readonly Named[] {
  const wanted = plainWords(spoken).join(' ');
  if (wanted === '') return [];
  const plain = (one: Named) => namesOf(one).map((name) => plainWords(name).join(' '));
  const exact = all.filter((one) => plain(one).includes(wanted));
  if (exact.length > 0) return exact;
  const within = (inner: string, outer: string) => inner !== '' && ` ${outer} `.includes(` ${inner} `);
  return all.filter((one) => plain(one).some((name) => within(name, wanted) || within(wanted, name)));
}

/** Which of the caller's appointments is meant: the only one, or the one at a date and time. */
export function chooseAppointment(
  work: BookingWork,
  among: readonly Appointment[],
  { date, time }: { readonly date?: string | undefined; readonly time?: string | undefined },
): Found<Appointment> {
  const fitting = among.filter((one) => (date === undefined || one.date === date) && (time === undefined || one.time === time));
  const candidates = fitting.length === 0 ? among : fitting;
  const [only] = fitting;
  if (only && fitting.length === 1) return { kind: 'found', value: only };
  if (candidates.length === 0) return refused(work.texts.noAppointment);
  const list = work.texts.list(candidates.map((one) => `${one.service.name} ${spoken(work, one)} (${one.date} ${one.time})`));
  return refused(work.texts.which(list));
}

/** What to say of an appointment. */
export function describeAppointment(work: BookingWork, { service, staff, contactName, ...moment }: Appointment): string {
  const contact = cleanText(contactName, NAME_CHARACTERS);
  return work.texts.appointment({ service: service.name, moment: spoken(work, moment), staff: staff.name, contact });
}

/** What is remembered of an appointment besides the words. */
export function factsOf({ appointmentId, service, date, time, state }: Appointment): Readonly<Record<string, string>> {
  return { appointment_id: appointmentId, service: service.name, date, time, state };
}

/** Why a time cannot be had, and what can. */
export async function explainRefusal(
  work: BookingWork,
  refusal: SlotRefusal,
  wanted: { readonly service: BookableService; readonly staffId: string | undefined; readonly date: string },
): Promise<Refusal> {
  const { texts } = work;
  const reason = reasonOf(work, refusal, wanted);
  if (refusal.kind === 'past' || refusal.kind === 'too_far' || refusal.kind === 'unknown_service' || refusal.kind === 'unknown_staff') {
    return refused(reason);
  }
  const others = refusal.kind === 'taken' ? refusal.alternatives : await findOthers(work, wanted);
  if (others.length === 0) return refused(`${reason} ${texts.noAlternatives}`);
  const list = texts.list(others.map((slot) => spoken(work, slot)));
  return refused(`${reason} ${texts.alternatives(list)} ${texts.forBooking(others.map(isoOf).join(', '))}`);
}

function reasonOf(work: BookingWork, refusal: SlotRefusal, { service, date }: { service: BookableService; date: string }): string {
  const { texts, catalogue, context } = work;
  const { language } = context;
  const dateThere = (day: string) => spokenDate(day, catalogue.now.date, language);
  switch (refusal.kind) {
    case 'past':
      return texts.past(nowThere(work));
    case 'too_soon':
      return texts.tooSoon(refusal.minNoticeMinutes);
    case 'too_far':
      return texts.tooFar(dateThere(refusal.lastDate));
    case 'closed_day':
      return texts.closedDay(dateThere(date), refusal.note);
    case 'outside_hours':
      return texts.outsideHours(refusal.spans, service.minutes);
    case 'skipped_time':
      return texts.skippedTime;
    case 'between_slots':
      return texts.betweenSlots(texts.list(refusal.nearest.map((time) => spokenTime(time, language))));
    case 'taken':
      return texts.taken;
    case 'unknown_service':
      return texts.unknownService(service.name, texts.list(catalogue.services.map(({ name }) => name)));
    case 'unknown_staff':
      return texts.unknownStaff('', service.name, texts.list(catalogue.staff.map(({ name }) => name)));
  }
}

async function findOthers(
  { book, context }: BookingWork,
  { service, staffId, date }: { service: BookableService; staffId: string | undefined; date: string },
): Promise<readonly OpenSlot[]> {
  const search = { serviceId: service.serviceId, staffId, fromDate: date, days: OTHER_DAYS, perDay: OTHERS };
  const found = await book.listFree(context.scope, search);
  return found.kind === 'found' ? found.days.flatMap(({ slots }) => slots).slice(0, OTHERS) : [];
}

/** The moment as it is spoken there today. */
export function spoken({ catalogue, context }: BookingWork, moment: { readonly date: string; readonly time: string }): string {
  return spokenMoment(moment, catalogue.now.date, context.language);
}

/** Now, with the year, for a model that has lost the calendar. */
export function nowThere(work: BookingWork): string {
  const { now } = work.catalogue;
  return `${spoken(work, now)} (${now.date} ${now.time})`;
}

/** The free times of one date, spread over it: a caller cannot remember twenty. */
export function describeDay(work: BookingWork, { date, slots }: DayOfSlots): string {
  const { language } = work.context;
  const times = slots.map(({ time }) => spokenTime(time, language));
  return work.texts.freeOn(spokenDate(date, work.catalogue.now.date, language), work.texts.list(times));
}

/** For an argument. */
export function isoOf({ date, time }: { readonly date: string; readonly time: string }): string {
  return `${date} ${time}`;
}

function shown(name: string): string {
  return cleanText(name, NAME_CHARACTERS);
}
