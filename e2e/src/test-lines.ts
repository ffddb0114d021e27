/** The telephones of a test: callers who dial in and phones that ring, all on the rig's Asterisk. */
import { clinicEn } from '@centralita/control-plane/dialog/demo/clinic-en.ts';
import { clinicEs } from '@centralita/control-plane/dialog/demo/clinic-es.ts';
import { openCaller } from './caller.ts';
import type { Caller } from './caller.ts';
import { textsOf } from './flow-texts.ts';
import { openEar } from './heard.ts';
import type { Ear } from './heard.ts';
import { RIG_PASSWORDS, RIG_PHONE_PASSWORD } from './rig-ports.ts';
import { northDraft, RIG_NUMBERS } from './rig-seed.ts';
import type { Rig } from './rig.ts';
import type { SipOffer } from '@centralita/sip-caller/sip-call.ts';
import { openSipCaller } from '@centralita/sip-caller/sip-caller.ts';
import type { SipCaller } from '@centralita/sip-caller/sip-caller.ts';

const SLOTS = { day: 'martes', hour: 'diez' };

/** The demo's agents, as the rig's database holds them. */
export const demoSpanish = clinicEs({ organizationName: 'Clínica Demo', destination: '2001' });
export const demoEnglish = clinicEn({ organizationName: 'Demo Clinic', destination: '2001' });

/** Whom a test calls: number, language and voice of the caller, everything the agent may say. */
export const people = {
  spanish: {
    number: RIG_NUMBERS.demoSpanish,
    language: 'es',
    voice: 'es',
    texts: [...textsOf(demoSpanish, SLOTS), ...textsOf(northDraft, SLOTS)],
  },
  english: { number: RIG_NUMBERS.demoEnglish, language: 'en', voice: 'en-gb', texts: textsOf(demoEnglish, SLOTS) },
  north: {
    number: RIG_NUMBERS.northSpanish,
    language: 'es',
    voice: 'es',
    texts: [...textsOf(demoSpanish, SLOTS), ...textsOf(northDraft, SLOTS)],
  },
} as const;

/** A phone that is registered; it can call too. */
export type RegisteredPhone = { readonly telephone: SipCaller; readonly ringing: Promise<SipOffer> };

/** Places calls for a test. Disposing it hangs up what is left. */
export type TestLines = AsyncDisposable & {
  readonly ear: Ear;
  /** Dials and waits until somebody answers. */
  dial(person: (typeof people)[keyof typeof people]): Promise<Caller>;
  /** A telephone without a call, to dial whatever number. */
  telephone(): Promise<SipCaller>;
  /** Whether a phone may register: null when it may, else the status of the refusal. */
  refusalOf(username: string, password?: string): Promise<number | null>;
  /** Registers a phone under its SIP user; settles with the first call that rings there. */
  phone(username: string, password?: string): Promise<RegisteredPhone>;
};

/** Opens the telephones of one test. */
export function openTestLines(rig: Rig): TestLines {
  const stack = new AsyncDisposableStack();
  const server = { host: '127.0.0.1', port: rig.ports.sip };
  const ear = stack.use(openEar(`127.0.0.1:${rig.ports.inference}`));
  const telephone = async (): Promise<SipCaller> =>
    stack.use(await openSipCaller({ server, username: 'test-caller', password: RIG_PASSWORDS.testCaller }));
  return {
    ear,
    telephone,
    async dial(person) {
      const { number, ...rest } = person;
      const call = await (await telephone()).call(number, { signal: new AbortController().signal });
      const outcome = await call.outcome;
      if (outcome.kind !== 'answered') throw new Error(`${number} did not answer: ${JSON.stringify(outcome)}`);
      return openCaller({ call, ear, ...rest });
    },
    async refusalOf(username, password = RIG_PHONE_PASSWORD) {
      await using phone = await openSipCaller({ server, username, password });
      const registration = await phone.register();
      if (registration.kind === 'no_response') throw new Error(`Asterisk did not answer the REGISTER of ${username}`);
      return registration.kind === 'registered' ? null : registration.status;
    },
    async phone(username, password = RIG_PHONE_PASSWORD) {
      const phone = stack.use(await openSipCaller({ server, username, password }));
      const ringing = new Promise<SipOffer>((resolve) => phone.onIncoming(resolve));
      const registration = await phone.register();
      if (registration.kind !== 'registered') throw new Error(`phone ${username}: ${JSON.stringify(registration)}`);
      return { telephone: phone, ringing };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
