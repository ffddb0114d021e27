/** One sitting at the sandbox's terminal: calls one after another, what is typed is said, what is said is shown. */
import { setTimeout as delay } from 'node:timers/promises';
import type { StandInLeg, StandInPhone } from './asterisk-stand-in-leg.ts';
import { MAX_LINE_BYTES, openTerminalCaller } from './terminal-caller.ts';
import type { TerminalCaller } from './terminal-caller.ts';
import { parseTerminalCommand, terminalHelp } from './terminal-command.ts';
import type { TerminalCommand } from './terminal-command.ts';
import type { TerminalScreen } from './terminal-screen.ts';

export type TerminalSessionOptions = {
  readonly screen: TerminalScreen;
  /** Language -> number of its agent; the first one is called at the start. */
  readonly numbers: ReadonlyMap<string, string>;
  readonly placeCall: (dialledNumber: string) => StandInLeg;
  readonly signal: AbortSignal;
};

/** A sitting at the terminal. */
export type TerminalSession = {
  /** Shows that the representative's telephone rings. */
  ring(phone: StandInPhone): void;
  /** Reads lines until there are no more or `/quit`; then hangs up. */
  run(): Promise<void>;
};

/** A script waits this long for the agent to begin, and then until it is quiet. */
const REPLY_TIMEOUT_MS = 15_000;
const POLL_MS = 50;

/** Opens a session over a screen. */
export function openTerminalSession(options: TerminalSessionOptions): TerminalSession {
  return new LiveSession(options);
}

class LiveSession implements TerminalSession {
  readonly #options: TerminalSessionOptions;
  readonly #screen: TerminalScreen;
  #call: { readonly leg: StandInLeg; readonly caller: TerminalCaller; readonly language: string } | null = null;
  #phone: StandInPhone | null = null;
  /** True from something said by the caller until the agent has answered it and is quiet. */
  #isAwaitingAgent = false;

  constructor(options: TerminalSessionOptions) {
    this.#options = options;
    this.#screen = options.screen;
  }

  ring(phone: StandInPhone): void {
    this.#phone = phone;
    this.#screen.tell(`-- the representative's telephone rings (${phone.endpoint}): /answer or /decline`);
    void phone.ended.then(() => {
      if (this.#phone === phone) this.#phone = null;
    });
  }

  async run(): Promise<void> {
    this.#screen.tell(terminalHelp);
    const [first = ''] = this.#options.numbers.keys();
    this.#dial(first);
    if (!this.#screen.isInteractive) await this.#agentQuiet();
    for await (const line of this.#screen.lines) {
      this.#screen.endHearing();
      const command = parseTerminalCommand(line, [...this.#options.numbers.keys()]);
      if (command.kind === 'quit' || this.#options.signal.aborted) break;
      await this.#obey(command);
      // A script has no ears: it says its next line when the agent is done.
      if (!this.#screen.isInteractive) await this.#agentQuiet();
    }
    await this.#hangUp();
  }

  async #obey(command: Exclude<TerminalCommand, { kind: 'quit' }>): Promise<void> {
    const { screen } = this.#options;
    switch (command.kind) {
      case 'nothing':
        return;
      case 'help':
        return screen.tell(terminalHelp);
      case 'refused':
        return screen.tell(`-- ${command.reason}`);
      case 'call_agent':
        await this.#hangUp();
        return this.#dial(command.language);
      case 'hang_up':
        return await this.#hangUp();
      case 'pick_up':
        return this.#pickUp();
      case 'decline':
        return this.#phone?.decline();
      case 'say':
      case 'dtmf':
        return this.#speak(command);
    }
  }

  #speak(command: Extract<TerminalCommand, { kind: 'say' | 'dtmf' }>): void {
    const call = this.#call;
    if (call === null) return this.#screen.tell('-- no call is up: /agent calls one');
    if (command.kind === 'dtmf') for (const digit of command.digits) call.leg.sendDtmf(digit);
    else if (!call.caller.say(command.text)) return this.#screen.tell(`-- too long to be said at once: ${MAX_LINE_BYTES} bytes at most`);
    if (!this.#screen.isInteractive) this.#screen.tell(`caller: ${command.kind === 'say' ? command.text : `[keys ${command.digits}]`}`);
    this.#isAwaitingAgent = true;
  }

  #dial(language: string): void {
    const number = this.#options.numbers.get(language);
    if (number === undefined) throw new Error(`no demo agent speaks "${language}"`);
    this.#screen.tell(`-- calling ${number} (${language})`);
    const leg = this.#options.placeCall(number);
    const caller = openTerminalCaller(leg, (event) => {
      if (event.kind === 'heard') return this.#screen.hear('agent', event.text);
      this.#isAwaitingAgent = false;
      this.#screen.endHearing();
    });
    const call = { leg, caller, language };
    this.#call = call;
    this.#isAwaitingAgent = true;
    void leg.ended.then((cause) => {
      caller[Symbol.dispose]();
      if (this.#call === call) this.#call = null;
      this.#screen.tell(`-- the call ended (Q.850 cause ${cause}); /agent calls again`);
    });
  }

  #pickUp(): void {
    const phone = this.#phone;
    if (phone === null) return this.#screen.tell('-- no telephone rings');
    phone.answer();
    this.#screen.tell('-- the representative picked up');
    this.#greetAt(phone, this.#call?.language === 'es' ? 'Recepción, dígame.' : 'Reception, how can I help?');
  }

  /** Shows what the representative is told; what they say before the end of it reaches nobody. */
  #greetAt(phone: StandInPhone, greeting: string): void {
    let isTold = false;
    const representative = openTerminalCaller(phone, (event) => {
      if (isTold) return;
      if (event.kind === 'heard') return this.#screen.hear('to the representative', event.text);
      isTold = true;
      this.#screen.endHearing();
      representative.say(greeting);
    });
    void phone.ended.then(() => representative[Symbol.dispose]());
  }

  async #hangUp(): Promise<void> {
    const call = this.#call;
    if (call === null) return;
    call.leg.hangUp();
    await call.leg.ended;
  }

  /** Settles when the agent has answered what was said last, or the call is over. */
  async #agentQuiet(): Promise<void> {
    const deadlineMs = performance.now() + REPLY_TIMEOUT_MS;
    while (this.#call !== null && this.#isAwaitingAgent && !this.#options.signal.aborted && performance.now() < deadlineMs) {
      await delay(POLL_MS);
    }
  }
}
