// The reception of a clinic in English. Its phrases are chosen to sound different from each other ("three" and "four", not "nine" and "five").
import type { FlowNode, FlowTransition } from '#ports/agent-profile.ts';
import { CLINIC_CONVERSATION, CLINIC_RING_MS } from './clinic-options.ts';
import type { ClinicAgent, ClinicOptions } from './clinic-options.ts';

const asksHours = ['opening hours', 'what time do you open', 'when are you open'];
const asksBooking = ['book an appointment', 'an appointment', 'make a booking'];

const menu: FlowTransition[] = [
  { when: { kind: 'phrase', phrases: asksHours, dtmf: '1' }, goTo: 'hours' },
  { when: { kind: 'phrase', phrases: asksBooking, dtmf: '2' }, goTo: 'booking_day' },
];

const booking: FlowNode[] = [
  {
    name: 'booking_day',
    prompt: 'Which day would you like, Monday to Friday?',
    slot: {
      name: 'day',
      values: [
        { value: 'Monday', phrases: ['monday', 'on monday'], dtmf: '1' },
        { value: 'Tuesday', phrases: ['tuesday', 'on tuesday'], dtmf: '2' },
        { value: 'Wednesday', phrases: ['wednesday', 'on wednesday'], dtmf: '3' },
        { value: 'Thursday', phrases: ['thursday', 'on thursday'], dtmf: '4' },
        { value: 'Friday', phrases: ['friday', 'on friday'], dtmf: '5' },
      ],
    },
    transitions: [{ when: { kind: 'slot_filled' }, goTo: 'booking_hour' }],
    action: { kind: 'listen' },
  },
  {
    name: 'booking_hour',
    prompt: '{day}. At what time?',
    reprompt: 'We have nine, ten, eleven, noon, three or four.',
    slot: {
      name: 'hour',
      values: [
        { value: 'nine', phrases: ['nine', 'nine in the morning', '9'], dtmf: '1' },
        { value: 'ten', phrases: ['ten', "at ten o'clock", '10'], dtmf: '2' },
        { value: 'eleven', phrases: ['eleven', "at eleven o'clock", '11'], dtmf: '3' },
        { value: 'noon', phrases: ['noon', 'midday', 'twelve', '12'], dtmf: '4' },
        { value: 'three', phrases: ['three', 'three in the afternoon', '3'], dtmf: '5' },
        { value: 'four', phrases: ['four', "at four o'clock", '4'], dtmf: '6' },
      ],
    },
    transitions: [{ when: { kind: 'slot_filled' }, goTo: 'booking_confirm' }],
    action: { kind: 'listen' },
  },
  {
    name: 'booking_confirm',
    prompt: 'An appointment on {day} at {hour}. Is that correct, yes or no?',
    transitions: [
      // Before "yes": who says both has not agreed.
      { when: { kind: 'phrase', phrases: ['no', 'another day', 'change it'], dtmf: '2' }, goTo: 'booking_day' },
      { when: { kind: 'phrase', phrases: ['yes', 'yes, please', 'correct'], dtmf: '1' }, goTo: 'booked' },
    ],
    action: { kind: 'listen' },
  },
  {
    name: 'booked',
    prompt: 'Your appointment is booked, {day} at {hour}. Anything else?',
    transitions: [...menu, { when: { kind: 'phrase', phrases: ['no', 'no, thank you'] }, goTo: 'goodbye' }],
    action: { kind: 'listen' },
  },
];

/** A clinic's reception in English, without a language model. */
export function clinicEn(options: ClinicOptions): ClinicAgent {
  const { organizationName, destination, ringMs = CLINIC_RING_MS } = options;
  const nodes: FlowNode[] = [
    {
      name: 'greeting',
      prompt: `${organizationName}, good morning. This is the virtual assistant.`,
      transitions: [],
      action: { kind: 'go_on', goTo: 'menu' },
    },
    {
      name: 'menu',
      prompt: 'Would you like our opening hours or an appointment?',
      reprompt: 'Say opening hours, or an appointment. Press zero for a person.',
      transitions: menu,
      action: { kind: 'listen' },
    },
    {
      name: 'hours',
      prompt: options.openingHours ?? 'We are open Monday to Friday, from nine in the morning to six in the evening.',
      transitions: [],
      action: { kind: 'go_on', goTo: 'menu' },
    },
    ...booking,
    {
      name: 'person',
      prompt: 'I will put you through to reception. One moment, please.',
      transitions: [{ when: { kind: 'transfer_failed' }, goTo: 'nobody' }],
      action: { kind: 'transfer', destination, ringMs },
    },
    {
      name: 'nobody',
      prompt: 'Nobody is free right now. We will call you back.',
      transitions: [],
      action: { kind: 'go_on', goTo: 'menu' },
    },
    { name: 'goodbye', prompt: 'Thank you for calling. Goodbye.', transitions: [], action: { kind: 'end_call' } },
  ];
  return {
    name: `${organizationName}, reception`,
    language: 'en',
    voice: options.voice ?? 'en-us',
    speed: 1,
    flow: {
      entry: 'greeting',
      nodes,
      global: [
        { when: { kind: 'phrase', phrases: ['speak to a person', 'a person', 'reception', 'operator'], dtmf: '0' }, goTo: 'person' },
        { when: { kind: 'phrase', phrases: ['goodbye', 'nothing else', 'that is all'] }, goTo: 'goodbye' },
      ],
      notUnderstood: { say: 'Sorry, I did not understand.', limit: 2, goTo: 'person' },
      noInputGoTo: 'goodbye',
    },
    responder: { kind: 'flow' },
    conversation: CLINIC_CONVERSATION,
  };
}
