/** Frames that no Asterisk sends: of its events, and of a call's sound. None of them is a sound message that merely lies: those would have to be obeyed. */
import type { Choices } from '@centralita/control-plane/test/seeded-random.ts';
import type { SocketKind } from './frame-wire.ts';
import { frameOf, OPCODES } from './web-socket-frame.ts';

/** One of them. */
export type BrokenFrame = {
  /** What is wrong with it, for the count of each. */
  readonly kind: string;
  readonly bytes: Buffer;
  /** Whether the protocol wants the socket closed for it. */
  readonly breaks: boolean;
};

/** What a frame may be made of: the seed's choices, and what Asterisk said lately. */
export type FrameMaterial = { readonly choices: Choices; readonly recentTexts: readonly string[] };

type Maker = (material: FrameMaterial) => Buffer;

/** A frame of sound: 20 ms of 16 kHz PCM16. */
const SOUND_BYTES = 640;
/** Twenty times what an event has. */
const LONG_TEXT_BYTES = 65_536;
/** More than either socket takes. */
const TOO_LONG_BYTES = 17 * 1_048_576;
const DEEP = 5_000;
/** Values of every kind that JSON has but the right one. */
const WRONG_VALUES = [null, '', 'é'.repeat(300), -1, 0.5, 1e300, true, [], {}, [[]], { id: null }, 'A'.repeat(5_000)] as const;

const text = (value: unknown): Buffer => frameOf(OPCODES.text, Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));

const noJson: Maker = ({ choices }) =>
  text(
    choices.pick(['', '{', '}{', 'null null', 'undefined', '{"type":}', '\u0000', 'GET / HTTP/1.1', '{"type":"Dial",}', "{'type':'Dial'}"]),
  );

const cut: Maker = ({ choices, recentTexts }) => {
  const whole = recentTexts.length > 0 ? choices.pick(recentTexts) : '{"type":"StasisStart","args":[]}';
  return text(whole.slice(0, choices.int(whole.length - 1) + 1));
};

const wrongShape: Maker = ({ choices }) =>
  choices.chance(0.05) ? text('['.repeat(DEEP) + ']'.repeat(DEEP)) : text(JSON.stringify(choices.pick(WRONG_VALUES)));

const eventMakers: Readonly<Record<string, Maker>> = {
  'text that is no JSON': noJson,
  'a real event cut short': cut,
  'JSON of the wrong shape': wrongShape,
  'an unknown event': ({ choices }) =>
    text({ type: choices.pick(['', 'Unheard', '__proto__', 'constructor', 'toString', 'stasisstart', 7, null, ['Dial']]), channel: {} }),
  'a real event with a wrong field': ({ choices, recentTexts }) => text(damaged(choices, recentTexts, 'top')),
  'a real event with a wrong field inside': ({ choices, recentTexts }) => text(damaged(choices, recentTexts, 'inside')),
  'a hollow event': ({ choices }) => text(hollow(choices)),
  'an answer to nothing': ({ choices }) =>
    text({
      type: 'RESTResponse',
      request_id: choices.pick<unknown>([null, 7, '', 'nobody', '999999999', {}]),
      status_code: choices.pick<unknown>([200, '200', null, -1, 1e300]),
      message_body: choices.pick<unknown>([null, '{', 7]),
    }),
  'an oversized text': ({ choices }) => text(''.padEnd(LONG_TEXT_BYTES, choices.pick(['A', '{"type":"Dial",', '[']))),
  'binary where text belongs': ({ choices }) => frameOf(OPCODES.binary, noise(choices, choices.int(2_000))),
};

const soundMakers: Readonly<Record<string, Maker>> = {
  'sound of an odd length': ({ choices }) => frameOf(OPCODES.binary, noise(choices, choices.int(1_000) * 2 + 1)),
  'sound that is no whole frame': ({ choices }) =>
    frameOf(OPCODES.binary, noise(choices, SOUND_BYTES * choices.int(3) + 2 + 2 * choices.int(SOUND_BYTES / 2 - 2))),
  'empty sound': () => frameOf(OPCODES.binary, Buffer.alloc(0)),
  'oversized sound': ({ choices }) => frameOf(OPCODES.binary, noise(choices, 60_000 + 1 + choices.int(300))),
  'text that is no JSON': noJson,
  'JSON of the wrong shape': wrongShape,
  'an unknown message': ({ choices }) =>
    text({ event: choices.pick(['', 'MEDIA_STOP', 'media_xoff', '__proto__', 7, null]), channel_id: 'x' }),
  'a message with a wrong field': ({ choices }) => {
    const value = choices.pick<unknown>([null, '', '7', -1, 0.5, true, [], {}]);
    return text(
      choices.pick([
        { event: 'STATUS', queue_length: value },
        { event: 'MEDIA_START', optimal_frame_size: value },
        { event: 'ERROR', error_text: [value] },
      ]),
    );
  },
  'a mark that nobody set': ({ choices }) =>
    text({ event: 'MEDIA_MARK_PROCESSED', correlation_id: choices.pick<unknown>(['nobody', '', 7, null, '-1', 'A'.repeat(5_000)]) }),
};

/** Each of them ends its socket: the protocol forbids to read on. */
const breakingMakers: Readonly<Record<string, Maker>> = {
  'a reserved opcode': ({ choices }) => frameOf(choices.pick([3, 4, 5, 6, 7, 11, 12, 13, 14, 15]), Buffer.from('x')),
  'a reserved bit': ({ choices }) => frameOf(OPCODES.text, Buffer.from('{}'), { reserved: 1 + choices.int(7) }),
  'a masked frame of a server': () => frameOf(OPCODES.text, Buffer.from('{}'), { masked: true }),
  'a continuation of nothing': () => frameOf(OPCODES.continuation, Buffer.from('x')),
  'a ping that is too long': ({ choices }) => frameOf(OPCODES.ping, noise(choices, 126 + choices.int(900))),
  'a ping in parts': () => frameOf(OPCODES.ping, Buffer.alloc(0), { isFinal: false }),
  'a close with a code that is none': () => frameOf(OPCODES.close, Buffer.of(0, 7)),
  'a frame longer than is read': () => frameOf(OPCODES.binary, Buffer.alloc(64), { toldBytes: TOO_LONG_BYTES }),
};

const makersOf = { events: eventMakers, media: soundMakers } as const;

/** The next broken frame for a socket; `breaks` chooses among those that end it. */
export function brokenFrame(socket: SocketKind, breaks: boolean, material: FrameMaterial): BrokenFrame {
  const makers = breaks ? breakingMakers : makersOf[socket];
  const [kind, make] = material.choices.pick(Object.entries(makers));
  return { kind, bytes: make(material), breaks };
}

/** Random bytes. */
export function noise(choices: Choices, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => choices.int(256)));
}

type JsonObject = Record<string, unknown>;

/** A real event of which one field, or one field of something in it, is not what it should be; sometimes it is not there at all. */
function damaged(choices: Choices, recentTexts: readonly string[], where: 'top' | 'inside'): unknown {
  const events = recentTexts.filter((said) => !said.includes('"RESTResponse"'));
  if (events.length === 0) return hollow(choices);
  const event = JSON.parse(choices.pick(events)) as JsonObject;
  const inside = Object.values(event).filter((value): value is JsonObject => typeof value === 'object' && value !== null);
  const target = where === 'inside' && inside.length > 0 ? choices.pick(inside) : event;
  const fields = Object.keys(target).filter((field) => field !== 'type');
  if (fields.length === 0) return hollow(choices);
  const field = choices.pick(fields);
  if (choices.chance(0.3)) delete target[field];
  else target[field] = choices.pick<unknown>(WRONG_VALUES);
  return event;
}

/** Right by its outside: of a known type, for this control plane or for nobody, its parts of the right kind, and nothing in them. */
function hollow(choices: Choices): unknown {
  const heard = { application: choices.pick(['centralita', 'nobody']), timestamp: choices.pick(['', 'never', '2026-99-99T99:99:99']) };
  return choices.pick<unknown>([
    { ...heard, type: 'StasisStart', args: [], channel: {} },
    { ...heard, type: 'StasisStart', args: ['inbound'], channel: {} },
    { ...heard, type: 'StasisStart', args: ['inbound', null], channel: { id: {}, caller: [] } },
    { ...heard, type: 'StasisEnd', channel: {} },
    { ...heard, type: 'StasisEnd', channel: { id: '__proto__' } },
    { ...heard, type: 'ChannelDestroyed', cause: -1, cause_txt: '', channel: { id: ['x'] } },
    { ...heard, type: 'ChannelDtmfReceived', digit: 'é', duration_ms: 1e300, channel: { id: null } },
    { ...heard, type: 'Dial', dialstatus: '', peer: {} },
    { ...heard, type: 'ChannelLeftBridge', bridge: {}, channel: {} },
    { ...heard, type: 'ChannelVarset', variable: '', value: '' },
    { ...heard, type: 'PlaybackFinished', playback: {} },
    { ...heard, type: 'EndpointStateChange', endpoint: {} },
    // Of its own application it would have to believe it.
    { ...heard, application: 'nobody', type: 'ApplicationReplaced' },
  ]);
}
