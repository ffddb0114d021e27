// What the booking tools tell the model, in Spanish and English: what came of it, and what to do next.
import type { OpeningSpan } from '#shared/opening-hours.ts';
import { isSpanish } from '#shared/text-language.ts';

/** Everything here is read by the model. Moments, dates and lists come as they are to be spoken. */
export type BookingTexts = {
  list(items: readonly string[]): string;
  service(name: string, minutes: number, priceText: string | null): string;
  services(list: string): string;
  readonly nothingToBook: string;
  unknownService(name: string, list: string): string;
  ambiguousService(list: string): string;
  unknownStaff(name: string, service: string, list: string): string;
  today(moment: string): string;
  free(service: string, days: readonly string[]): string;
  freeOn(date: string, times: string): string;
  forBooking(moments: string): string;
  nothingFree(service: string, until: string): string;
  isFree(moment: string, staff: string): string;
  past(now: string): string;
  tooSoon(minutes: number): string;
  tooFar(lastDate: string): string;
  closedDay(date: string, note: string): string;
  outsideHours(spans: readonly OpeningSpan[], minutes: number): string;
  readonly skippedTime: string;
  betweenSlots(times: string): string;
  readonly taken: string;
  readonly notFree: string;
  fullDay(date: string): string;
  alternatives(list: string): string;
  readonly noAlternatives: string;
  readonly missingNumber: string;
  held(what: string, minutes: number): string;
  already(what: string): string;
  /** Spoken. */
  shallIConfirm(what: string): string;
  /** Spoken. */
  readonly shallIConfirmHeld: string;
  confirmed(what: string): string;
  appointment(parts: { readonly service: string; readonly moment: string; readonly staff: string; readonly contact: string }): string;
  cancelled(what: string): string;
  rescheduled(what: string, isHeld: boolean): string;
  readonly noAppointment: string;
  readonly nothingToConfirm: string;
  which(list: string): string;
  readonly ended: string;
};

const spanish: BookingTexts = {
  list: (items) => new Intl.ListFormat('es', { type: 'conjunction' }).format(items),
  service: (name, minutes, priceText) => `${name} (${minutes} minutos${priceText === null ? '' : `, ${priceText}`})`,
  services: (list) => `Servicios que se reservan: ${list}. Pregunte cuál quiere.`,
  nothingToBook: 'Aquí no se reserva nada todavía: no hay servicios. Ofrezca tomar un recado.',
  unknownService: (name, list) => `No existe el servicio "${name}". Servicios: ${list}. Pregunte cuál quiere.`,
  ambiguousService: (list) => `Puede ser más de un servicio: ${list}. Pregunte cuál.`,
  unknownStaff: (name, service, list) => `Nadie llamado "${name}" atiende ${service}. Lo atiende: ${list}.`,
  today: (moment) => `Ahora es ${moment}.`,
  free: (service, days) => `${service}. Horas libres: ${days.join('; ')}. Diga dos o tres y pregunte cuál prefiere.`,
  freeOn: (date, times) => `${date} ${times}`,
  forBooking: (moments) => `Para los argumentos: ${moments}.`,
  nothingFree: (service, until) => `${service}: no hay horas libres hasta ${until}. Proponga otra fecha o tomar un recado.`,
  isFree: (moment, staff) => `Está libre ${moment} con ${staff}. Todavía no está reservado.`,
  past: (now) => `Ese momento ya pasó: ahora es ${now}. Pregunte por otra fecha.`,
  tooSoon: (minutes) => `Se reserva con al menos ${minutes} minutos de antelación.`,
  tooFar: (lastDate) => `Solo se reserva hasta ${lastDate}.`,
  closedDay: (date, note) => `Está cerrado ${date}${note === '' ? '' : ` (${note})`}.`,
  outsideHours: (spans, minutes) =>
    `Ese día se atiende ${spans.map(({ opensAt, closesAt }) => `de ${opensAt} a ${closesAt}`).join(' y ')}, y el servicio dura ${minutes} minutos.`,
  skippedTime: 'Esa hora no existe ese día: se adelanta el reloj.',
  betweenSlots: (times) => `Las citas no empiezan a esa hora; las más cercanas: ${times}.`,
  taken: 'Esa hora ya está ocupada.',
  notFree: 'A esa hora no se puede.',
  fullDay: (date) => `No queda nada libre ${date}.`,
  alternatives: (list) => `Libre: ${list}. Ofrézcalo.`,
  noAlternatives: 'No hay horas libres en esos días. Proponga otra fecha.',
  missingNumber: 'Falta un teléfono: pregúntelo y póngalo en phone.',
  held: (what, minutes) =>
    `Apartada por ${minutes} minutos como mucho, todavía sin confirmar: ${what}. Léala y, con el sí de quien llama, use confirm.`,
  already: (what) => `Esta conversación ya la tiene: ${what}.`,
  shallIConfirm: (what) => `Le aparto ${what}. ¿Se la confirmo?`,
  shallIConfirmHeld: '¿Le confirmo la cita que le aparté?',
  confirmed: (what) => `Confirmada: ${what}. Dígalo.`,
  appointment: ({ service, moment, staff, contact }) => `${service} ${moment} con ${staff}, a nombre de ${contact}`,
  cancelled: (what) => `Cancelada: ${what}. Dígalo.`,
  rescheduled: (what, isHeld) => `Cambiada: ahora es ${what}. ${isHeld ? 'Falta confirmarla con confirm.' : 'Dígalo.'}`,
  noAppointment:
    'No hay citas próximas de esta conversación ni del número desde el que llama. No diga datos de otras; ofrezca pasar con una persona o tomar un recado.',
  nothingToConfirm: 'No hay ninguna cita por confirmar en esta conversación. Reserve primero con book.',
  which: (list) => `Hay más de una: ${list}. Pregunte cuál y dé date y time de esa cita.`,
  ended: 'Esa cita ya no está vigente: se canceló o se cambió.',
};

const english: BookingTexts = {
  list: (items) => new Intl.ListFormat('en', { type: 'conjunction' }).format(items),
  service: (name, minutes, priceText) => `${name} (${minutes} minutes${priceText === null ? '' : `, ${priceText}`})`,
  services: (list) => `Services that can be booked: ${list}. Ask which one they want.`,
  nothingToBook: 'Nothing can be booked here yet: there are no services. Offer to take a message.',
  unknownService: (name, list) => `There is no service "${name}". Services: ${list}. Ask which one they want.`,
  ambiguousService: (list) => `It may be more than one service: ${list}. Ask which one.`,
  unknownStaff: (name, service, list) => `Nobody called "${name}" does ${service}. Done by: ${list}.`,
  today: (moment) => `It is now ${moment}.`,
  free: (service, days) => `${service}. Free: ${days.join('; ')}. Say two or three of them and ask which one they prefer.`,
  freeOn: (date, times) => `${date} ${times}`,
  forBooking: (moments) => `For the arguments: ${moments}.`,
  nothingFree: (service, until) => `${service}: nothing is free until ${until}. Suggest another date or take a message.`,
  isFree: (moment, staff) => `Free: ${moment} with ${staff}. It is not booked yet.`,
  past: (now) => `That is over: it is now ${now}. Ask for another date.`,
  tooSoon: (minutes) => `Bookings need at least ${minutes} minutes of notice.`,
  tooFar: (lastDate) => `Bookings are taken until ${lastDate} only.`,
  closedDay: (date, note) => `Closed ${date}${note === '' ? '' : ` (${note})`}.`,
  outsideHours: (spans, minutes) =>
    `Open on that day ${spans.map(({ opensAt, closesAt }) => `from ${opensAt} to ${closesAt}`).join(' and ')}, and the service takes ${minutes} minutes.`,
  skippedTime: 'That time does not exist on that day: clocks go forward.',
  betweenSlots: (times) => `Appointments do not begin at that time; the nearest are ${times}.`,
  taken: 'That time is taken.',
  notFree: 'That time cannot be had.',
  fullDay: (date) => `Nothing is left ${date}.`,
  alternatives: (list) => `Free: ${list}. Offer it.`,
  noAlternatives: 'Nothing is free on those days. Suggest another date.',
  missingNumber: 'A telephone number is missing: ask for it and put it in phone.',
  held: (what, minutes) =>
    `Held for at most ${minutes} minutes, not confirmed yet: ${what}. Read it back and, with the caller’s yes, use confirm.`,
  already: (what) => `This conversation has it already: ${what}.`,
  shallIConfirm: (what) => `I am holding ${what}. Shall I confirm it?`,
  shallIConfirmHeld: 'Shall I confirm the appointment that I am holding for you?',
  confirmed: (what) => `Confirmed: ${what}. Say so.`,
  appointment: ({ service, moment, staff, contact }) => `${service} ${moment} with ${staff}, in the name of ${contact}`,
  cancelled: (what) => `Cancelled: ${what}. Say so.`,
  rescheduled: (what, isHeld) => `Changed: it is now ${what}. ${isHeld ? 'It still has to be confirmed with confirm.' : 'Say so.'}`,
  noAppointment:
    'There are no coming appointments of this conversation or of the number that calls. Tell nothing of others; offer to put them through or to take a message.',
  nothingToConfirm: 'There is nothing to confirm in this conversation. Book first, with book.',
  which: (list) => `There is more than one: ${list}. Ask which one and give its date and time.`,
  ended: 'That appointment no longer stands: it was cancelled or moved.',
};

export function bookingTexts(language: string): BookingTexts {
  return isSpanish(language) ? spanish : english;
}
