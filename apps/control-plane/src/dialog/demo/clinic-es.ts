// The reception of a clinic in Spanish: the agent that answers on a fresh installation. Its phrases are chosen to sound different from each other.
import type { FlowNode, FlowTransition } from '#ports/agent-profile.ts';
import { CLINIC_CONVERSATION, CLINIC_RING_MS } from './clinic-options.ts';
import type { ClinicAgent, ClinicOptions } from './clinic-options.ts';

const asksHours = ['qué horario tienen', 'horario de atención', 'a qué hora abren'];
const asksBooking = ['quiero una cita', 'una cita', 'reservar hora'];

const menu: FlowTransition[] = [
  { when: { kind: 'phrase', phrases: asksHours, dtmf: '1' }, goTo: 'hours' },
  { when: { kind: 'phrase', phrases: asksBooking, dtmf: '2' }, goTo: 'booking_day' },
];

const booking: FlowNode[] = [
  {
    name: 'booking_day',
    prompt: '¿Qué día le viene bien, de lunes a viernes?',
    slot: {
      name: 'day',
      values: [
        { value: 'lunes', phrases: ['lunes', 'el lunes'], dtmf: '1' },
        { value: 'martes', phrases: ['martes', 'el martes'], dtmf: '2' },
        { value: 'miércoles', phrases: ['miércoles', 'el miércoles'], dtmf: '3' },
        { value: 'jueves', phrases: ['jueves', 'el jueves'], dtmf: '4' },
        { value: 'viernes', phrases: ['viernes', 'el viernes'], dtmf: '5' },
      ],
    },
    transitions: [{ when: { kind: 'slot_filled' }, goTo: 'booking_hour' }],
    action: { kind: 'listen' },
  },
  {
    name: 'booking_hour',
    prompt: 'El {day}. ¿A qué hora?',
    reprompt: '¿A las nueve, diez, once, doce, cuatro o cinco?',
    slot: {
      name: 'hour',
      values: [
        { value: 'nueve', phrases: ['nueve', 'a las nueve', '9'], dtmf: '1' },
        { value: 'diez', phrases: ['diez', 'a las diez', '10'], dtmf: '2' },
        { value: 'once', phrases: ['once', 'a las once', '11'], dtmf: '3' },
        // "doce" differs from "once" in one short sound; "mediodía" does not.
        { value: 'doce', phrases: ['a las doce', 'mediodía', 'doce', '12'], dtmf: '4' },
        { value: 'cuatro', phrases: ['cuatro', 'a las cuatro', '4'], dtmf: '5' },
        { value: 'cinco', phrases: ['cinco', 'a las cinco', '5'], dtmf: '6' },
      ],
    },
    transitions: [{ when: { kind: 'slot_filled' }, goTo: 'booking_confirm' }],
    action: { kind: 'listen' },
  },
  {
    name: 'booking_confirm',
    prompt: 'Cita el {day} a las {hour}. ¿Es correcto, sí o no?',
    transitions: [
      // Before "sí": who says both has not agreed.
      { when: { kind: 'phrase', phrases: ['no', 'cambiar la cita', 'otro día'], dtmf: '2' }, goTo: 'booking_day' },
      { when: { kind: 'phrase', phrases: ['sí', 'sí, por favor', 'correcto', 'cómo no'], dtmf: '1' }, goTo: 'booked' },
    ],
    action: { kind: 'listen' },
  },
  {
    name: 'booked',
    prompt: 'Su cita queda reservada, {day} a las {hour}. ¿Desea algo más?',
    transitions: [...menu, { when: { kind: 'phrase', phrases: ['no', 'no, gracias'] }, goTo: 'goodbye' }],
    action: { kind: 'listen' },
  },
];

/** A clinic's reception in Spanish, without a language model. */
export function clinicEs(options: ClinicOptions): ClinicAgent {
  const { organizationName, destination, ringMs = CLINIC_RING_MS } = options;
  const nodes: FlowNode[] = [
    {
      name: 'greeting',
      prompt: `${organizationName}, buenos días. Le atiende el asistente virtual.`,
      transitions: [],
      action: { kind: 'go_on', goTo: 'menu' },
    },
    {
      name: 'menu',
      prompt: '¿Desea conocer el horario o pedir una cita?',
      reprompt: 'Diga horario de atención, o una cita. Marque cero para recepción.',
      transitions: menu,
      action: { kind: 'listen' },
    },
    {
      name: 'hours',
      prompt: options.openingHours ?? 'Abrimos de lunes a viernes, de nueve de la mañana a seis de la tarde.',
      transitions: [],
      action: { kind: 'go_on', goTo: 'menu' },
    },
    ...booking,
    {
      name: 'person',
      prompt: 'Le paso con recepción. Un momento, por favor.',
      transitions: [{ when: { kind: 'transfer_failed' }, goTo: 'nobody' }],
      action: { kind: 'transfer', destination, ringMs },
    },
    {
      name: 'nobody',
      prompt: 'Ahora no hay nadie libre. Le devolveremos la llamada.',
      transitions: [],
      action: { kind: 'go_on', goTo: 'menu' },
    },
    { name: 'goodbye', prompt: 'Gracias por llamar. Hasta pronto.', transitions: [], action: { kind: 'end_call' } },
  ];
  return {
    name: `${organizationName}, recepción`,
    language: 'es',
    voice: options.voice ?? 'es-419',
    speed: 1,
    flow: {
      entry: 'greeting',
      nodes,
      global: [
        {
          when: { kind: 'phrase', phrases: ['hablar con una persona', 'una persona', 'recepción', 'operadora'], dtmf: '0' },
          goTo: 'person',
        },
        { when: { kind: 'phrase', phrases: ['adiós', 'hasta luego', 'nada más'] }, goTo: 'goodbye' },
      ],
      notUnderstood: { say: 'Perdone, no le he entendido.', limit: 2, goTo: 'person' },
      noInputGoTo: 'goodbye',
    },
    responder: { kind: 'flow' },
    conversation: CLINIC_CONVERSATION,
  };
}
