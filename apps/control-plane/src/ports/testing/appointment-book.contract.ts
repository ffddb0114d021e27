// What every appointment book must do.
import { expect, it } from 'vitest';
import type { AppointmentBook, BookingRequest, BookOutcome, Appointment } from '#ports/appointment-book.ts';
import type { BookingCalendar } from '#shared/booking-slots.ts';
import type { OrgScope } from '#shared/org-scope.ts';

/** What the organization under test offers: two people do `Corte` (30 minutes), one of them also `Tinte` (90 minutes). */
export type BookOffer = {
  readonly calendar: BookingCalendar;
  readonly services: readonly { readonly name: string; readonly synonyms: readonly string[]; readonly minutes: number }[];
  /** By name, with the names of the services. */
  readonly staff: readonly { readonly name: string; readonly does: readonly string[] }[];
};

/** A book under test, whose clock stands where it is put. */
export type BookUnderTest = AsyncDisposable & {
  readonly book: AppointmentBook;
  readonly scope: OrgScope;
  /** An organization that offers nothing. */
  readonly otherScope: OrgScope;
  setNow(now: Date): void;
};

const day = [{ opensAt: '09:00', closesAt: '14:00' }];
const monday = '2026-03-02';
const sunday = '2026-03-08';
/** 08:00 in Madrid on that Monday. */
const start = new Date('2026-03-02T07:00:00Z');

export const contractOffer: BookOffer = {
  calendar: {
    timeZone: 'Europe/Madrid',
    slotMinutes: 30,
    minNoticeMinutes: 60,
    maxDaysAhead: 60,
    holdMinutes: 15,
    weekly: { monday: day, tuesday: day, wednesday: day, thursday: day, friday: day, saturday: [], sunday: [] },
    exceptions: [{ date: '2026-03-19', spans: [], note: 'San José' }],
  },
  services: [
    { name: 'Corte', synonyms: ['corte de pelo', 'haircut'], minutes: 30 },
    { name: 'Tinte', synonyms: [], minutes: 90 },
  ],
  staff: [
    { name: 'Ana', does: ['Corte', 'Tinte'] },
    { name: 'Luis', does: ['Corte'] },
  ],
};

type Asking = Partial<BookingRequest> & { readonly service?: string };

/** Asks for ten on that Monday unless something else is said. */
async function ask({ book, scope }: BookUnderTest, { service = 'Corte', ...rest }: Asking = {}): Promise<BookOutcome> {
  const { services } = await book.catalogue(scope);
  const serviceId = services.find(({ name }) => name === service)?.serviceId ?? 'svc_unknown';
  const contact = { contactName: 'Eva Ruiz', contactNumber: '+34 600 111 222' };
  return book.book(scope, { serviceId, date: monday, time: '10:00', ...contact, conversationId: null, as: 'confirmed', ...rest });
}

async function have(under: BookUnderTest, asking: Asking = {}): Promise<Appointment> {
  const outcome = await ask(under, asking);
  if (outcome.kind !== 'booked') throw new Error(`not booked: ${outcome.kind}`);
  return outcome.appointment;
}

const staffIdOf = async ({ book, scope }: BookUnderTest, name: string) =>
  (await book.catalogue(scope)).staff.find((one) => one.name === name)?.staffId ?? '';

/** Runs the contract against the book that `open` opens with `contractOffer`. */
export function describeAppointmentBook(name: string, open: () => Promise<BookUnderTest>): void {
  const rule = (what: string, check: (under: BookUnderTest) => Promise<void>) =>
    it(`${name}: ${what}`, async () => {
      await using under = await open();
      under.setNow(start);
      await check(under);
    });
  describeBooking(rule);
  describeRefusals(rule);
  describeStates(rule);
  describeRescheduling(rule);
}

type Rule = (what: string, check: (under: BookUnderTest) => Promise<void>) => void;

function describeBooking(rule: Rule): void {
  rule('says what there is, where, and what time it is there', async ({ book, scope, otherScope }) => {
    const catalogue = await book.catalogue(scope);
    expect(catalogue).toMatchObject({ timeZone: 'Europe/Madrid', now: { date: monday, time: '08:00' } });
    expect(catalogue.services.map(({ name, minutes }) => [name, minutes])).toEqual([
      ['Corte', 30],
      ['Tinte', 90],
    ]);
    expect(catalogue.staff.map(({ name, serviceIds }) => [name, serviceIds.length])).toEqual([
      ['Ana', 2],
      ['Luis', 1],
    ]);
    expect((await book.catalogue(otherScope)).services).toEqual([]);
  });

  rule('gives a slot to as many as there is staff for it, and names other times to the next', async (under) => {
    expect((await have(under)).staff.name).toBe('Ana');
    expect((await have(under)).staff.name).toBe('Luis');
    const third = await ask(under);
    expect(third.kind).toBe('taken');
    const times = third.kind === 'taken' && third.alternatives.map(({ date, time }) => `${date} ${time}`);
    expect(times).toEqual([`${monday} 09:00`, `${monday} 09:30`, `${monday} 10:30`]);
  });

  rule('gives one slot of one person to exactly one of 50 who ask at once', async (under) => {
    const staffId = await staffIdOf(under, 'Ana');
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        ask(under, { staffId, conversationId: `call_${index}`, as: index % 2 ? 'held' : 'confirmed' }),
      ),
    );
    const kinds = outcomes.map(({ kind }) => kind).toSorted();
    expect(kinds).toEqual(['booked', ...Array.from({ length: 49 }, () => 'taken')]);
  });

  rule('gives a conversation that asks again what it has, also when it asks many times at once', async (under) => {
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => ask(under, { conversationId: 'call_1', as: 'held' })));
    expect(outcomes.filter(({ kind }) => kind === 'booked')).toHaveLength(1);
    expect(outcomes.filter(({ kind }) => kind === 'already_booked')).toHaveLength(7);
    expect(new Set(outcomes.map((outcome) => 'appointment' in outcome && outcome.appointment.appointmentId)).size).toBe(1);
    expect((await ask(under, { conversationId: 'call_2', as: 'held' })).kind).toBe('booked');
  });

  rule('lets one appointment follow another, and no longer one reach into it', async (under) => {
    const staffId = await staffIdOf(under, 'Ana');
    await have(under, { staffId, service: 'Tinte', time: '10:00' });
    expect((await ask(under, { staffId, time: '11:00' })).kind).toBe('taken');
    expect((await ask(under, { staffId, time: '11:30' })).kind).toBe('booked');
    expect((await ask(under, { staffId, time: '09:30' })).kind).toBe('booked');
    expect((await ask(under, { service: 'Tinte', time: '09:00' })).kind).toBe('taken');
  });

  rule('lists what is free, day by day', async (under) => {
    const { book, scope } = under;
    await have(under, { service: 'Tinte', time: '09:30' });
    const { services } = await book.catalogue(scope);
    const tint = services.find(({ name }) => name === 'Tinte')?.serviceId ?? '';
    const found = await book.listFree(scope, { serviceId: tint, fromDate: sunday, days: 1, perDay: 20 });
    expect(found).toMatchObject({ kind: 'found', days: [{ date: sunday, spans: [], slots: [] }] });
    const open = await book.listFree(scope, { serviceId: tint, fromDate: monday, days: 2, perDay: 3 });
    expect(open.kind === 'found' && open.days.map(({ slots }) => slots.map(({ time }) => time))).toEqual([
      ['11:00', '11:30', '12:00'],
      ['09:00', '09:30', '10:00'],
    ]);
    expect(await book.listFree(scope, { serviceId: 'svc_no', fromDate: monday, days: 1, perDay: 1 })).toEqual({ kind: 'unknown_service' });
  });
}

function describeRefusals(rule: Rule): void {
  const refusals: readonly [string, Asking, unknown][] = [
    ['a day that is over', { date: '2026-03-01' }, { kind: 'past' }],
    ['an hour that is over', { time: '07:30' }, { kind: 'past' }],
    ['less than the notice', { time: '08:30' }, { kind: 'too_soon', minNoticeMinutes: 60 }],
    ['a day too far ahead', { date: '2026-06-01' }, { kind: 'too_far', lastDate: '2026-05-01' }],
    ['a closed weekday', { date: sunday }, { kind: 'closed_day', note: '' }],
    ['a holiday', { date: '2026-03-19' }, { kind: 'closed_day', note: 'San José' }],
    ['an hour after closing', { time: '16:00' }, { kind: 'outside_hours', spans: day }],
    ['what would not be done by closing', { service: 'Tinte', time: '13:00' }, { kind: 'outside_hours', spans: day }],
    ['a time between slots', { time: '10:10' }, { kind: 'between_slots', nearest: ['10:00', '10:30'] }],
    ['an unknown service', { service: 'Masaje' }, { kind: 'unknown_service' }],
    ['an unknown person', { staffId: 'staff_no' }, { kind: 'unknown_staff' }],
  ];
  for (const [what, asking, refusal] of refusals) {
    rule(`refuses ${what}`, async (under) => {
      expect(await ask(under, asking)).toEqual(refusal);
    });
  }

  rule('knows no appointment of another organization', async (under) => {
    const { book, scope, otherScope } = under;
    const { appointmentId } = await have(under, { conversationId: 'call_1', as: 'held' });
    expect(await book.confirm(otherScope, appointmentId)).toEqual({ kind: 'not_found' });
    expect(await book.cancel(otherScope, appointmentId)).toEqual({ kind: 'not_found' });
    const to = { date: monday, time: '12:00', conversationId: null };
    expect(await book.reschedule(otherScope, appointmentId, to)).toEqual({ kind: 'not_found' });
    expect(await book.listUpcoming(otherScope, { conversationId: 'call_1', callerNumber: '+34600111222' })).toEqual([]);
    expect(await book.confirm(scope, appointmentId)).toMatchObject({ kind: 'confirmed' });
  });
}

function describeStates(rule: Rule): void {
  rule('holds a slot until it is confirmed, and frees it when nobody does in time', async (under) => {
    const { book, scope } = under;
    const staffId = await staffIdOf(under, 'Ana');
    const held = await have(under, { staffId, conversationId: 'call_1', as: 'held' });
    expect(held).toMatchObject({ state: 'held', heldUntil: new Date('2026-03-02T07:15:00Z'), ended: null });
    under.setNow(new Date('2026-03-02T07:14:00Z'));
    expect((await ask(under, { staffId })).kind).toBe('taken');
    under.setNow(new Date('2026-03-02T07:15:00Z'));
    expect(await book.confirm(scope, held.appointmentId)).toMatchObject({ kind: 'ended', appointment: { ended: 'hold_expired' } });
    const listed = await book.listUpcoming(scope, { conversationId: 'call_1', callerNumber: null });
    expect(listed).toMatchObject([{ appointmentId: held.appointmentId, ended: 'hold_expired' }]);
    expect(await book.listUpcoming(scope, { conversationId: 'call_3', callerNumber: '600111222' })).toEqual([]);
    const next = await have(under, { staffId, conversationId: 'call_2', as: 'held' });
    expect((await book.listUpcoming(scope, { conversationId: 'call_1', callerNumber: null })).map(({ ended }) => ended)).toEqual([
      'hold_expired',
    ]);
    expect(await book.confirm(scope, next.appointmentId)).toMatchObject({ kind: 'confirmed', appointment: { heldUntil: null } });
    under.setNow(new Date('2026-03-02T08:45:00Z'));
    expect(await book.confirm(scope, next.appointmentId)).toMatchObject({ kind: 'confirmed', appointment: { state: 'confirmed' } });
    expect(await book.confirm(scope, held.appointmentId)).toMatchObject({ kind: 'ended' });
  });

  rule('frees the slot of a cancelled appointment, and cancels once', async (under) => {
    const { book, scope } = under;
    const staffId = await staffIdOf(under, 'Ana');
    const { appointmentId } = await have(under, { staffId });
    const cancelled = { kind: 'cancelled', appointment: { appointmentId, state: 'cancelled', ended: 'cancelled' } };
    expect(await book.cancel(scope, appointmentId)).toMatchObject(cancelled);
    expect(await book.cancel(scope, appointmentId)).toMatchObject(cancelled);
    expect(await book.confirm(scope, appointmentId)).toMatchObject({ kind: 'ended' });
    expect((await ask(under, { staffId })).kind).toBe('booked');
  });

  rule("finds the caller's appointments by conversation and by number, however the number is written", async (under) => {
    const { book, scope } = under;
    const first = await have(under, { conversationId: 'call_1', time: '12:00' });
    const second = await have(under, { conversationId: 'call_2', time: '11:00', contactNumber: '699-000-111' });
    const ids = async (conversationId: string, callerNumber: string | null) =>
      (await book.listUpcoming(scope, { conversationId, callerNumber })).map(({ appointmentId }) => appointmentId);
    expect(await ids('call_1', null)).toEqual([first.appointmentId]);
    expect(await ids('call_9', '600111222')).toEqual([first.appointmentId]);
    expect(await ids('call_1', '+34699000111')).toEqual([second.appointmentId, first.appointmentId]);
    expect(await ids('call_9', null)).toEqual([]);
    expect(await ids('call_9', '')).toEqual([]);
    expect(await ids('call_9', '111222')).toEqual([]);
    under.setNow(new Date('2026-03-02T10:30:00Z'));
    expect(await ids('call_1', '+34699000111')).toEqual([first.appointmentId]);
    await book.cancel(scope, first.appointmentId);
    expect(await ids('call_1', null)).toEqual([]);
  });
}

function describeRescheduling(rule: Rule): void {
  rule('moves an appointment in one step: the old time is free, the new one taken, asked twice done once', async (under) => {
    const { book, scope } = under;
    const staffId = await staffIdOf(under, 'Luis');
    const old = await have(under, { staffId });
    const to = { date: '2026-03-03', time: '11:30', conversationId: 'call_7' };
    const moved = await book.reschedule(scope, old.appointmentId, to);
    expect(moved).toMatchObject({
      kind: 'rescheduled',
      appointment: {
        date: to.date,
        time: to.time,
        state: 'confirmed',
        replaces: old.appointmentId,
        staff: { name: 'Luis' },
        contactName: 'Eva Ruiz',
      },
    });
    expect(await book.reschedule(scope, old.appointmentId, to)).toEqual(moved);
    expect(await book.reschedule(scope, old.appointmentId, { ...to, time: '12:00' })).toMatchObject({ kind: 'ended' });
    expect(await book.cancel(scope, old.appointmentId)).toMatchObject({ kind: 'ended', appointment: { state: 'rescheduled' } });
    expect((await ask(under, { staffId })).kind).toBe('booked');
    expect((await ask(under, { ...to, staffId, conversationId: 'call_8' })).kind).toBe('taken');
  });

  rule('moves one into a time that overlaps its own', async (under) => {
    const { book, scope } = under;
    const old = await have(under, { service: 'Tinte' });
    expect(await book.reschedule(scope, old.appointmentId, { date: monday, time: '10:30', conversationId: null })).toMatchObject({
      kind: 'rescheduled',
      appointment: { time: '10:30' },
    });
  });

  rule('leaves an appointment as it was when the new time is taken or cannot be', async (under) => {
    const { book, scope } = under;
    const staffId = await staffIdOf(under, 'Ana');
    const old = await have(under, { service: 'Tinte', conversationId: 'call_1', as: 'held' });
    await have(under, { staffId, time: '12:00' });
    const to = { date: monday, time: '12:00', conversationId: 'call_1' };
    expect(await book.reschedule(scope, old.appointmentId, to)).toMatchObject({ kind: 'taken' });
    expect(await book.reschedule(scope, old.appointmentId, { ...to, date: sunday })).toEqual({ kind: 'closed_day', note: '' });
    expect(await book.confirm(scope, old.appointmentId)).toMatchObject({ kind: 'confirmed', appointment: { time: '10:00' } });
  });

  rule('gives a time that several move to at once to one of them, and the others keep theirs', async (under) => {
    const { book, scope } = under;
    const staffId = await staffIdOf(under, 'Ana');
    const times = ['09:00', '09:30', '10:00', '10:30', '11:00'];
    const olds: Appointment[] = [];
    for (const time of times) olds.push(await have(under, { staffId, time, date: '2026-03-04' }));
    const to = { date: '2026-03-04', time: '13:00', staffId, conversationId: null };
    const outcomes = await Promise.all(olds.map(({ appointmentId }) => book.reschedule(scope, appointmentId, to)));
    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['rescheduled', 'taken', 'taken', 'taken', 'taken']);
    const confirmed = await Promise.all(olds.map(({ appointmentId }) => book.confirm(scope, appointmentId)));
    expect(confirmed.filter(({ kind }) => kind === 'confirmed')).toHaveLength(4);
  });
}
