import { beforeEach, describe, expect, it } from 'vitest';
import type { AppointmentBook } from '#ports/appointment-book.ts';
import { contractOffer } from '#ports/testing/appointment-book.contract.ts';
import { createMemoryAppointmentBook } from '#ports/testing/memory-appointment-book.ts';
import { newId } from '#shared/id.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { createBookingTools } from './booking-tools.ts';
import { PRODUCT_TOOL_NAMES } from './tool-names.ts';
import type { ToolContext, ToolOutcome } from './tool.ts';

const scope = mintOrgScope(newId('organization'));
const { calendar } = contractOffer;
const services = [
  { serviceId: 'svc_1', name: 'Limpieza facial', synonyms: ['facial'], minutes: 60, priceText: '40 euros' },
  { serviceId: 'svc_2', name: 'Masaje relajante', synonyms: ['masaje'], minutes: 30, priceText: null },
  { serviceId: 'svc_3', name: 'Masaje deportivo', synonyms: [], minutes: 30, priceText: null },
];
const staff = [
  { staffId: 'staff_1', name: 'Ana', serviceIds: ['svc_1', 'svc_2'] },
  { staffId: 'staff_2', name: 'Luis', serviceIds: ['svc_2', 'svc_3'] },
];

let now: Date;
let book: AppointmentBook;
beforeEach(() => {
  now = new Date('2026-03-02T07:00:00Z');
  book = createMemoryAppointmentBook({ organizationId: scope.organizationId, calendar, services, staff, now: () => now });
});

/** Calls a tool as the dialog does: arguments parsed by the tool's own schema. */
async function call(name: string, args: Record<string, unknown>, context: Partial<ToolContext> = {}): Promise<ToolOutcome> {
  const tool = createBookingTools({ book }).find((one) => one.name === name);
  if (!tool) throw new Error(`there is no tool ${name}`);
  const base = { scope, agentId: 'agent_1', conversationId: 'call_1', callerNumber: '+34600111222', language: 'es-ES' };
  return tool.run(tool.arguments.parse(args), { ...base, signal: new AbortController().signal, ...context });
}

const facial = { service: 'facial', date: '2026-03-03', time: '10:00', name: 'Eva Ruiz' };

describe('check_availability', () => {
  it('lists the services and says what the clock shows, when no service is named', async () => {
    const outcome = await call('check_availability', {});
    expect(outcome).toMatchObject({ kind: 'done' });
    expect(outcome.text).toContain('Limpieza facial (60 minutos, 40 euros), Masaje relajante (30 minutos) y Masaje deportivo (30 minutos)');
    expect(outcome.text).toContain('Ahora es hoy lunes 2 a las ocho de la mañana (2026-03-02 08:00)');
  });

  it('names the next free times, in words and as arguments', async () => {
    const outcome = await call('check_availability', { service: 'FACIAL' });
    expect(outcome.text).toContain('hoy lunes 2 a las nueve de la mañana');
    expect(outcome.text).toContain('mañana martes 3 a las nueve de la mañana');
    expect(outcome.text).toContain('2026-03-02 09:00, ');
    expect(outcome.text).not.toContain('2026-03-02 13:30');
  });

  it('says whether one time is free and with whom', async () => {
    const outcome = await call('check_availability', { service: 'masaje relajante', date: '2026-03-10', time: '10:00' });
    expect(outcome.text).toBe(
      'Está libre el martes 10 a las diez de la mañana con Ana y Luis. Todavía no está reservado. Para los argumentos: 2026-03-10 10:00.',
    );
  });

  it('names the times around one that is taken', async () => {
    await call('book', facial);
    const outcome = await call('check_availability', { service: 'facial', date: '2026-03-03', time: '10:00' }, { language: 'en-US' });
    expect(outcome.text).toContain('That time cannot be had.');
    expect(outcome.text).toContain('tomorrow, Tuesday the 3rd at nine in the morning, at eleven in the morning,');
    expect(outcome.text).not.toContain('2026-03-03 10:00');
  });

  it('says when a day is full', async () => {
    for (const time of ['09:00', '10:00', '11:00', '12:00', '13:00']) await call('book', { ...facial, time });
    const outcome = await call('check_availability', { service: 'facial', date: '2026-03-03' });
    expect(outcome.text).toMatch(/^No queda nada libre mañana martes 3\. Limpieza facial .*el miércoles 4 a las nueve de la mañana/);
  });

  it('goes on to other days from a closed one, and refuses days that are over', async () => {
    const closed = await call('check_availability', { service: 'facial', date: '2026-03-07' });
    expect(closed.text).toMatch(/^Está cerrado el sábado 7\. .*el lunes 9 a las nueve de la mañana/);
    const past = await call('check_availability', { service: 'facial', date: '2025-03-07' });
    expect(past).toMatchObject({ kind: 'refused', text: expect.stringContaining('ahora es hoy lunes 2') as string });
  });
});

describe('services and staff as callers name them', () => {
  it('are found by name and synonym, without regard to case and accents', async () => {
    for (const service of ['Limpieza facial', 'FACIAL', 'una limpieza fácial']) {
      expect(await call('book', { ...facial, service })).toMatchObject({ kind: 'done', facts: { service: 'Limpieza facial' } });
    }
  });

  it('are named when one is asked for that does not exist', async () => {
    expect(await call('book', { ...facial, service: 'Depilación' })).toEqual({
      kind: 'refused',
      text: 'No existe el servicio "Depilación". Servicios: Limpieza facial, Masaje relajante y Masaje deportivo. Pregunte cuál quiere.',
    });
  });

  it('asks which one when words fit several', async () => {
    const several = services.map((service) => ({ ...service, synonyms: [] }));
    book = createMemoryAppointmentBook({ organizationId: scope.organizationId, calendar, services: several, staff, now: () => now });
    expect(await call('book', { ...facial, service: 'un masaje' })).toMatchObject({
      kind: 'refused',
      text: expect.stringContaining('No existe') as string,
    });
    expect(await call('book', { ...facial, service: 'masaje' })).toEqual({
      kind: 'refused',
      text: 'Puede ser más de un servicio: Masaje relajante y Masaje deportivo. Pregunte cuál.',
    });
  });

  it('knows who does what', async () => {
    expect(await call('book', { ...facial, staff: 'Luis' })).toEqual({
      kind: 'refused',
      text: 'Nadie llamado "Luis" atiende Limpieza facial. Lo atiende: Ana.',
    });
    expect(await call('book', { ...facial, service: 'masaje', staff: 'luis' })).toMatchObject({
      text: expect.stringContaining('con Luis') as string,
    });
  });
});

describe('book and confirm', () => {
  it('hold a time, confirm it once, and say so in the language of the caller', async () => {
    const held = await call('book', facial);
    expect(held).toMatchObject({ kind: 'done', facts: { service: 'Limpieza facial', date: '2026-03-03', time: '10:00', state: 'held' } });
    expect(held.text).toContain('15 minutos');
    expect(held.text).toContain('Limpieza facial mañana martes 3 a las diez de la mañana con Ana, a nombre de Eva Ruiz');
    expect(await call('book', facial)).toMatchObject({ kind: 'done', facts: held.kind === 'done' ? held.facts : {} });
    const confirmed = await call('confirm', {}, { language: 'en' });
    expect(confirmed).toMatchObject({ kind: 'done', facts: { state: 'confirmed' } });
    expect(confirmed.text).toBe(
      'Confirmed: Limpieza facial tomorrow, Tuesday the 3rd at ten in the morning with Ana, in the name of Eva Ruiz. Say so.',
    );
    expect(await call('confirm', {})).toMatchObject({ kind: 'done' });
    expect((await call('book', facial)).text).toContain('ya la tiene');
  });

  it.each([
    ['2026-03-01', '10:00', 'Ese momento ya pasó: ahora es hoy lunes 2 a las ocho de la mañana'],
    ['2026-03-02', '08:30', 'al menos 60 minutos'],
    ['2026-09-01', '10:00', 'hasta el viernes 1 de mayo'],
    ['2026-03-19', '10:00', 'Está cerrado el jueves 19 (San José). Libre: el viernes 20 a las nueve de la mañana'],
    ['2026-03-03', '17:00', 'Ese día se atiende de 09:00 a 14:00, y el servicio dura 60 minutos'],
    ['2026-03-03', '10:10', 'las más cercanas: a las diez de la mañana y a las diez y media de la mañana'],
  ])('refuse %s %s and say why', async (date, time, text) => {
    const outcome = await call('book', { ...facial, date, time });
    expect(outcome).toMatchObject({ kind: 'refused' });
    expect(outcome.text).toContain(text);
  });

  it('refuse a taken time and offer the nearest ones', async () => {
    await call('book', facial, { conversationId: 'call_2' });
    const outcome = await call('book', facial);
    expect(outcome).toMatchObject({ kind: 'refused' });
    expect(outcome.text).toContain('Esa hora ya está ocupada. Libre: mañana martes 3 a las nueve de la mañana,');
    expect(outcome.text).toContain('2026-03-03 11:00');
  });

  it('refuse dates and times that are none before anything runs', () => {
    const schema = createBookingTools({ book }).find(({ name }) => name === 'book')?.arguments;
    for (const wrong of [
      { date: 'mañana' },
      { date: '2026-02-30' },
      { time: '25:00' },
      { time: '10' },
      { name: '' },
      { phone: 'x' },
      { extra: 1 },
    ]) {
      expect([wrong, schema?.safeParse({ ...facial, ...wrong }).success]).toEqual([wrong, false]);
    }
  });

  it('ask for a number when the call shows none', async () => {
    expect(await call('book', facial, { callerNumber: null })).toEqual({
      kind: 'refused',
      text: 'Falta un teléfono: pregúntelo y póngalo en phone.',
    });
    expect(await call('book', { ...facial, phone: '600 333 444' }, { callerNumber: null })).toMatchObject({ kind: 'done' });
  });

  it('get the time back for a caller who took longer than the hold, unless somebody else has it', async () => {
    await call('book', facial);
    now = new Date('2026-03-02T07:20:00Z');
    expect(await call('confirm', {})).toMatchObject({ kind: 'done', facts: { state: 'confirmed', time: '10:00' } });
    await call('book', { ...facial, time: '12:00' }, { conversationId: 'call_2' });
    now = new Date('2026-03-02T07:40:00Z');
    await call('book', { ...facial, time: '12:00' }, { conversationId: 'call_3' });
    expect(await call('confirm', {}, { conversationId: 'call_2' })).toMatchObject({
      kind: 'refused',
      text: expect.stringContaining('ya está ocupada') as string,
    });
  });

  it('confirm nothing that another conversation holds', async () => {
    await call('book', facial);
    expect(await call('confirm', {}, { conversationId: 'call_2' })).toMatchObject({
      kind: 'refused',
      text: expect.stringContaining('No hay ninguna cita por confirmar') as string,
    });
  });
});

describe('cancel and reschedule', () => {
  it('find the appointment by the number that calls, and nobody else’s', async () => {
    await call('book', facial);
    await call('confirm', {});
    const stranger = { conversationId: 'call_2', callerNumber: '+34699000000' };
    expect(await call('cancel', {}, stranger)).toMatchObject({
      kind: 'refused',
      text: expect.stringContaining('No hay citas próximas') as string,
    });
    expect(await call('cancel', {}, { conversationId: 'call_2', callerNumber: null })).toMatchObject({ kind: 'refused' });
    expect(await call('cancel', {}, { conversationId: 'call_3', callerNumber: '600111222' })).toMatchObject({
      kind: 'done',
      facts: { state: 'cancelled' },
    });
    expect(await call('cancel', {})).toMatchObject({ kind: 'refused' });
  });

  it('ask which one when there are several', async () => {
    await call('book', facial);
    await call('book', { ...facial, service: 'masaje', time: '12:00' });
    const outcome = await call('cancel', {});
    expect(outcome).toMatchObject({ kind: 'refused' });
    expect(outcome.text).toContain('Limpieza facial mañana martes 3 a las diez de la mañana (2026-03-03 10:00)');
    expect(outcome.text).toContain('(2026-03-03 12:00)');
    expect(await call('cancel', { time: '12:00' })).toMatchObject({ kind: 'done', facts: { service: 'Masaje relajante' } });
    expect(await call('cancel', {})).toMatchObject({ kind: 'done', facts: { service: 'Limpieza facial' } });
  });

  it('move an appointment, and leave it where it is when the new time cannot be had', async () => {
    await call('book', facial);
    await call('confirm', {});
    const closed = await call('reschedule', { newDate: '2026-03-08', newTime: '10:00' });
    expect(closed).toMatchObject({ kind: 'refused', text: expect.stringContaining('Está cerrado el domingo 8') as string });
    const moved = await call('reschedule', { newDate: '2026-03-04', newTime: '12:30' });
    expect(moved).toMatchObject({ kind: 'done', facts: { date: '2026-03-04', time: '12:30', state: 'confirmed' } });
    expect(moved.text).toContain('Cambiada: ahora es Limpieza facial el miércoles 4 a las doce y media del mediodía');
    expect(await call('book', facial, { conversationId: 'call_2' })).toMatchObject({ kind: 'done' });
  });
});

describe('the tools of booking', () => {
  it('have the names that flows know, and say which of them change something', () => {
    const effects = createBookingTools({ book }).map(({ name, effect }) => [name, effect]);
    expect(effects).toEqual([
      ['check_availability', 'read'],
      ['book', 'write'],
      ['confirm', 'guarded'],
      ['cancel', 'guarded'],
      ['reschedule', 'guarded'],
    ]);
    for (const [name] of effects) expect(PRODUCT_TOOL_NAMES).toContain(name);
  });

  it('say that nothing can be booked where there are no services', async () => {
    const elsewhere = mintOrgScope(newId('organization'));
    expect(await call('check_availability', {}, { scope: elsewhere })).toMatchObject({ kind: 'refused' });
    expect(await call('book', facial, { scope: elsewhere })).toMatchObject({
      kind: 'refused',
      text: expect.stringContaining('no hay servicios') as string,
    });
  });
});
