// The telephone of `centralita test --call`: a SIP account, a voice, and the call of the journal that belongs to the one just dialled.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SipAddress } from '@centralita/sip-caller/sip-transport.ts';
import type { SipCall, SipOutcome } from '@centralita/sip-caller/sip-call.ts';
import { openSipCaller } from '@centralita/sip-caller/sip-caller.ts';
import { synthesize } from '@centralita/sip-caller/speech.ts';
import { openBusyLine } from './call-redial.ts';
import { createCallConversation } from './call-conversation.ts';
import type { CallConversation } from './call-conversation.ts';
import type { CallJournal } from './call-journal.ts';
import { usageFailure } from './command-failure.ts';

/** Whose calls these are, and how the caller sounds. */
export type CallAccount = {
  readonly server: SipAddress;
  readonly username: string;
  readonly password: string;
  /** espeak-ng voice; null: that of each scenario's language. */
  readonly voice: string | null;
  /** Folder in which spoken phrases are kept. */
  readonly speechFolder: string;
};

export type TelephoneOptions = {
  readonly account: CallAccount;
  readonly journal: CallJournal;
  /** What is dialled, and the agent that must answer. */
  readonly number: string;
  readonly agentId: string;
  /** Told once, when there is no room for a call and it is waited for. */
  readonly onBusy: (refusal: string) => void;
  readonly signal: AbortSignal;
};

/** A call that an agent answered, or why none did. Disposing hangs up. */
export type PlacedCall = AsyncDisposable & { readonly callId: string | null; readonly conversation: CallConversation };

/** Disposing hangs up all calls. */
export type Telephone = AsyncDisposable & {
  /** Dials and waits until somebody answers. Throws a usage failure for an account that may not call, and when another agent answers. */
  dial(language: string): Promise<PlacedCall>;
};

/** A little slower than espeak-ng's own 175, as people speak to a machine, and as the appliance's engine for test voices expects it. */
const WORDS_PER_MINUTE = 160;
/**
 * espeak-ng's voices are named by language; its plain English is British. The timbre is a woman's, of which voice activity misses fewest short
 * words after a quiet while: of 19 phrases it misses one, a lone "sí", of the plain voice three.
 */
function voiceOf(language: string): string {
  const primary = language.split('-', 1)[0] ?? language;
  return `${primary === 'en' ? 'en-us' : primary}+f4`;
}

/** A call is in the journal within a tenth of a second. */
const JOURNAL_MS = 5_000;
const LOOK_AGAIN_MS = 100;
/** Nobody lets it ring for longer. */
const ANSWER_MS = 30_000;

/** Opens a telephone. It does not register: the desk phone that has the same account goes on ringing. */
export async function openTelephone({ account, journal, number, agentId, onBusy, signal }: TelephoneOptions): Promise<Telephone> {
  const { server, username, password, voice, speechFolder } = account;
  const sip = await openSipCaller({ server, localHost: await ownAddressTowards(server), username, password });
  const untilRoom = openBusyLine({ onBusy, signal });
  // One after the other, so that each call finds its own row in the journal.
  let dialling: Promise<unknown> = Promise.resolve();

  async function place(language: string): Promise<PlacedCall> {
    signal.throwIfAborted();
    let earlier: ReadonlySet<string> = new Set();
    const call = await untilRoom(async () => {
      // Calls that were refused are in the journal too.
      earlier = new Set((await journal.newestTo(number)).map(({ callId }) => callId));
      return await ring();
    });
    const outcome = await call.outcome;
    if (outcome.kind !== 'answered') return unanswered(number, outcome);
    const callId = await findCall(earlier);
    const speak = (text: string) =>
      synthesize({ text, voice: voice ?? voiceOf(language), wordsPerMinute: WORDS_PER_MINUTE, folder: speechFolder });
    return {
      callId,
      conversation: createCallConversation({ call, callId, answeredAt: outcome.atMs, journal, speak, signal }),
      [Symbol.asyncDispose]: async () => void (await call.hangUp()),
    };
  }

  async function ring(): Promise<SipCall> {
    const call = await sip.call(number, { signal, record: false });
    const ringing = setTimeout(() => void call.hangUp(), ANSWER_MS);
    void call.outcome.finally(() => clearTimeout(ringing));
    return call;
  }

  async function findCall(earlier: ReadonlySet<string>): Promise<string> {
    const deadline = performance.now() + JOURNAL_MS;
    for (;;) {
      const [found, another] = (await journal.newestTo(number)).filter(({ callId }) => !earlier.has(callId));
      if (another) throw usageFailure(`somebody else called ${number} at the same moment: run the scenarios again`);
      if (found && found.agentId !== agentId)
        throw usageFailure(`${number} was answered by ${found.agentId ?? 'no agent'}, not by ${agentId}: dial the number of that agent`);
      if (found) return found.callId;
      if (performance.now() > deadline)
        throw usageFailure(
          `${number} answered, and no call to it is in the journal of this token's organization: is it a number of the agent?`,
        );
      await sleep(LOOK_AGAIN_MS, undefined, { signal });
    }
  }

  return {
    async dial(language) {
      const placed = dialling.then(() => place(language));
      dialling = placed.catch(() => undefined);
      return await placed;
    },
    [Symbol.asyncDispose]: () => sip[Symbol.asyncDispose](),
  };
}

/** Busy, unknown or silent: the scenario fails. An account that is not let in: no scenario can be played. */
function unanswered(number: string, outcome: Exclude<SipOutcome, { kind: 'answered' }>): PlacedCall {
  if (outcome.kind === 'rejected' && [401, 403, 407].includes(outcome.status))
    throw usageFailure(`the telephone may not call (${outcome.status} ${outcome.reason}): check --phone and CENTRALITA_PHONE_PASSWORD`);
  const why = outcome.kind === 'rejected' ? `${outcome.status} ${outcome.reason}` : outcome.kind.replaceAll('_', ' ');
  return {
    callId: null,
    conversation: { send: async () => ({ kind: 'no_reply', why: `${number} did not answer: ${why}` }) },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** Where the other side sends its sound to: this machine's address in its network. Throws a usage failure when there is no way to it. */
async function ownAddressTowards({ host, port }: SipAddress): Promise<string> {
  const socket = createSocket('udp4');
  try {
    socket.connect(port, host);
    await once(socket, 'connect');
    return socket.address().address;
  } catch (cause) {
    throw usageFailure(
      `${host}:${port} is no telephone system that this machine can reach: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  } finally {
    socket.close();
  }
}
