/** A call's whole way through the product, over the sockets of its stand-ins: the terminal's caller types, the agent is read. */
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { silentLog } from '#shared/log.ts';
import type { StandInLeg, StandInPhone } from './asterisk-stand-in-leg.ts';
import { openSandbox } from './sandbox.ts';
import type { Sandbox } from './sandbox.ts';
import { openTerminalCaller } from './terminal-caller.ts';
import type { TerminalCaller } from './terminal-caller.ts';

type TestCall = Disposable & {
  readonly leg: StandInLeg;
  readonly caller: TerminalCaller;
  heard(): string;
  hears(text: string): Promise<void>;
};

/** A sentence takes up to 6 s to be heard, after a pause of half a second; the machine may be busy. */
const HEARING = { timeout: 30_000, interval: 50 };
const phones: StandInPhone[] = [];
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await openSandbox({ log: silentLog, signal: new AbortController().signal, httpPort: 0, onRing: (phone) => phones.push(phone) });
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

function call(language: string): TestCall {
  const leg = sandbox.placeCall(sandbox.numbers.get(language) ?? '');
  let heard = '';
  let heardUntil = 0;
  const caller = openTerminalCaller(leg, (event) => {
    if (event.kind === 'heard') heard += event.text;
  });
  return {
    leg,
    caller,
    heard: () => heard,
    async hears(text) {
      await vi.waitFor(() => expect(heard.slice(heardUntil)).toContain(text), HEARING);
      heardUntil = heard.indexOf(text, heardUntil) + text.length;
    },
    [Symbol.dispose]() {
      leg.hangUp();
      caller[Symbol.dispose]();
    },
  };
}

async function readApi<Body>(path: string, headers: Record<string, string> = {}): Promise<Body> {
  const answer = await fetch(`${sandbox.httpAddress}${path}`, { headers: { ...headers, 'x-admin-key': sandbox.adminKey } });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Body;
}

async function expectNothingLeft(): Promise<void> {
  await vi.waitFor(() => expect(sandbox.leftovers()).toEqual({ channels: [], bridges: [], mediaSockets: 0 }), HEARING);
}

describe('a caller in the sandbox', () => {
  it('books an appointment in Spanish, and the agent hangs up after its goodbye', async () => {
    using booking = call('es');
    await booking.hears('pedir una cita?');
    booking.caller.say('quiero una cita');
    await booking.hears('¿Qué día le viene bien');
    booking.caller.say('el miércoles');
    await booking.hears('El miércoles. ¿A qué hora?');
    booking.caller.say('a las diez');
    await booking.hears('Cita el miércoles a las diez. ¿Es correcto, sí o no?');
    booking.caller.say('sí');
    await booking.hears('¿Desea algo más?');
    booking.caller.say('no, gracias');
    await booking.hears('Hasta pronto.');
    expect(await booking.leg.ended).toBe(16);
    await expectNothingLeft();
  });

  it('who interrupts the greeting does not hear its end', async () => {
    using interrupting = call('es');
    await interrupting.hears('Clínica');
    interrupting.caller.say('quiero una cita');
    await interrupting.hears('¿Qué día le viene bien');
    expect(interrupting.heard()).not.toContain('pedir una cita?');
    interrupting.leg.hangUp();
    await expectNothingLeft();
  });

  it('presses keys instead of speaking, in English', async () => {
    using pressing = call('en');
    await pressing.hears('?');
    pressing.leg.sendDtmf('1');
    await pressing.hears('Friday');
    pressing.leg.hangUp();
    await expectNothingLeft();
  });

  it('reaches the representative, who is told who calls, and both talk', async () => {
    using asking = call('es');
    await asking.hears('pedir una cita?');
    asking.caller.say('hablar con una persona');
    await asking.hears('Le paso con recepción.');
    await vi.waitFor(() => expect(phones.map((phone) => phone.endpoint)).toEqual(['PJSIP/2001-clinica-demo']), HEARING);
    const phone = phones[0] as StandInPhone;
    phone.answer();
    await phone.answered;
    let heardAtPhone = '';
    using representative = openTerminalCaller(phone, (event) => {
      if (event.kind === 'heard') heardAtPhone += event.text;
    });
    await vi.waitFor(() => expect(heardAtPhone).toMatch(/^Llamada para .* o 2 para devolver la llamada\.$/), HEARING);
    // A breath: the channel moves from the brief's bridge into the caller's, and who speaks into that moment loses a syllable.
    await setTimeout(1_000);
    representative.say('Recepción, dígame.');
    await asking.hears('Recepción, dígame.');
    asking.caller.say('Gracias.');
    await vi.waitFor(() => expect(heardAtPhone).toMatch(/ Gracias\.$/), HEARING);
    phone.hangUp();
    await asking.leg.ended;
    await expectNothingLeft();
  });

  it('dials a number that nobody owns and is refused', async () => {
    const leg = sandbox.placeCall('999999');
    // Q.850 1: unallocated number, which a SIP caller sees as 404.
    expect(await leg.ended).toBe(1);
    await expectNothingLeft();
  });

  it('hears one agent only, while another call is up', async () => {
    using spanish = call('es');
    using english = call('en');
    await Promise.all([spanish.hears('pedir una cita?'), english.hears('appointment?')]);
    spanish.caller.say('¿a qué hora abren?');
    english.caller.say('opening hours');
    await Promise.all([spanish.hears('Abrimos de lunes a viernes'), english.hears('Friday')]);
    spanish.leg.hangUp();
    english.leg.hangUp();
    await expectNothingLeft();
  });

  it('leaves a journal that the API shows', async () => {
    const calls = await readApi<{ calls: { callId: string; outcome: string }[] }>('/admin/calls?limit=100');
    // Newest first: the booking was the first call.
    const booking = calls.calls.at(-1)!;
    expect(booking.outcome).toBe('completed');
    const { turns } = await readApi<{ turns: { role: string; text: string }[] }>(`/admin/calls/${booking.callId}`, {
      'x-break-glass': 'the test compares what was said with what was heard',
    });
    expect(turns.filter((turn) => turn.role === 'caller').map((turn) => turn.text)).toEqual([
      'quiero una cita',
      'el miércoles',
      'a las diez',
      'sí',
      'no, gracias',
    ]);
  });
});
