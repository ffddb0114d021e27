// The operations of ARI that the control plane uses, carried out on the stand-in's switchboard.
import { randomUUID } from 'node:crypto';
import { type OperationRoute, operations } from 'asterisk-ari-client/generated/operations.ts';
import { z } from 'zod';
import { deleteObject, getObject, listEndpoints, type StandInObjects, updateObject } from './asterisk-stand-in-objects.ts';
import { StandInMedia } from './asterisk-stand-in-media.ts';
import { EXPLICIT, type StandInChannel, StandInRefusal, type Switchboard } from './asterisk-stand-in-switchboard.ts';

/** A telephone that rings. */
export type RingingPhone = { readonly channelId: string; readonly endpoint: string; readonly timeoutMs: number };

/** What the operations work on. */
export type StandInRestParts = {
  readonly switchboard: Switchboard;
  readonly application: string;
  readonly objects: StandInObjects;
  /** When it started, in Asterisk's own form. */
  readonly startedAt: () => string;
  /** Media channels by connection id. */
  readonly media: Map<string, StandInMedia>;
  /** Makes the far end of a channel towards `endpoint`, or null when no such telephone is registered. */
  readonly openPhone: (endpoint: string, channelId: string) => StandInChannel['farEnd'] | null;
  readonly onRing: (phone: RingingPhone) => void;
};

/** An answer in Asterisk's words. */
export type StandInAnswer = { readonly status: number; readonly body: string };

/** From the answer to `channels.create` until the channel is in the application: long enough that a hasty dial fails. */
const ENTER_MS = 5;

type Given = Readonly<Record<string, string>>;
type Operation = (parts: StandInRestParts, given: Given, body: unknown) => unknown;

/** What an object of the dynamic configuration is told. */
const fieldsSchema = z.object({ fields: z.array(z.object({ attribute: z.string(), value: z.string() })) });

/** A request; `uri` is below `/ari/`, `body` its JSON or undefined. */
export type StandInRequest = { readonly method: string; readonly uri: string; readonly body: unknown };

/** Carries out one request. */
export function answerRequest(parts: StandInRestParts, request: StandInRequest): StandInAnswer {
  const { method, uri, body } = request;
  const [path = '', query = ''] = uri.split('?', 2);
  const found = findOperation(method, path);
  if (found === null) return { status: 404, body: JSON.stringify({ message: `Invalid method or path: ${method} ${path}` }) };
  const operation = OPERATIONS[found.name];
  if (operation === undefined) return { status: 501, body: JSON.stringify({ message: `the stand-in does not know ${found.name}` }) };
  try {
    const result = operation(parts, { ...Object.fromEntries(new URLSearchParams(query)), ...found.given }, body);
    return result === undefined ? { status: 204, body: '' } : { status: 200, body: JSON.stringify(result) };
  } catch (error) {
    if (!(error instanceof StandInRefusal)) throw error;
    return { status: error.status, body: JSON.stringify({ message: error.message }) };
  }
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  'asterisk.ping': () => ({ ping: 'pong', asterisk_id: 'stand-in', timestamp: new Date().toISOString() }),
  'asterisk.getInfo': ({ startedAt }) => ({ status: { startup_time: startedAt(), last_reload_time: startedAt() } }),
  'asterisk.getObject': ({ objects }, given) => getObject(objects, need(given, 'objectType'), need(given, 'id')),
  'asterisk.updateObject': ({ objects }, given, body) =>
    updateObject(objects, { type: need(given, 'objectType'), id: need(given, 'id') }, fieldsSchema.parse(body).fields),
  'asterisk.deleteObject': ({ objects }, given) => deleteObject(objects, need(given, 'objectType'), need(given, 'id')),
  'endpoints.listByTech': ({ objects }) => listEndpoints(objects),
  'applications.get': describeApplication,
  'channels.list': listChannels,
  'channels.get': ({ switchboard }, given) => {
    const channel = switchboard.channel(need(given, 'channelId'));
    return channel.isUnreadable === true ? undefined : switchboard.describe(channel);
  },
  'channels.answer': ({ switchboard }, given) => switchboard.setState(need(given, 'channelId'), 'Up'),
  'channels.setChannelVar': ({ switchboard }, given) =>
    switchboard.setVariable(need(given, 'channelId'), { name: need(given, 'variable'), value: given['value'] ?? '' }),
  'channels.hangup': ({ switchboard }, given) =>
    switchboard.end(need(given, 'channelId'), { q850: Number(given['reason_code'] ?? 16), soft: EXPLICIT }),
  'channels.startMoh': ({ switchboard }, given) => switchboard.setMusic(need(given, 'channelId'), true),
  'channels.stopMoh': ({ switchboard }, given) => switchboard.setMusic(need(given, 'channelId'), false),
  'channels.externalMedia': addMedia,
  'channels.create': addPhone,
  'channels.dial': dial,
  'bridges.list': ({ switchboard }) => switchboard.bridges,
  'bridges.createWithId': ({ switchboard }, given) => switchboard.createBridge(need(given, 'bridgeId'), given['name'] ?? ''),
  'bridges.destroy': ({ switchboard }, given) => switchboard.destroyBridge(need(given, 'bridgeId')),
  'bridges.addChannel': ({ switchboard }, given) => switchboard.join(need(given, 'bridgeId'), need(given, 'channel').split(',')),
  'bridges.removeChannel': ({ switchboard }, given) => switchboard.leave(need(given, 'bridgeId'), need(given, 'channel').split(',')),
};

function describeApplication({ switchboard, application }: StandInRestParts): unknown {
  const channel_ids = switchboard.channels.map((channel) => channel.id);
  const nothing = { bridge_ids: [], endpoint_ids: [], device_names: [], events_allowed: [], events_disallowed: [] };
  return { name: application, channel_ids, ...nothing };
}

function listChannels({ switchboard }: StandInRestParts): unknown {
  if (switchboard.channels.some((channel) => channel.isUnreadable === true)) throw new StandInRefusal(500, 'Allocation failed');
  return switchboard.channels.map((channel) => switchboard.describe(channel));
}

function addMedia({ switchboard, media }: StandInRestParts, given: Given): unknown {
  const id = need(given, 'channelId');
  if (given['transport'] !== 'websocket' || given['format'] !== 'slin16') throw new StandInRefusal(500, 'only a slin16 WebSocket is known');
  const connectionId = randomUUID();
  const forget = (): void => {
    media.delete(connectionId);
    if (switchboard.channels.some((channel) => channel.id === id)) switchboard.end(id, { q850: 38, soft: EXPLICIT });
  };
  const far = new StandInMedia({ channelId: id, connectionId, onPlayed: (pcm) => switchboard.speak(id, pcm), onClosed: forget });
  media.set(connectionId, far);
  const ended = (): void => {
    far.close();
    if (!far.isAttached) media.delete(connectionId);
  };
  switchboard.add({
    id,
    kind: 'media',
    endpoint: 'WebSocket/INCOMING',
    callerNumber: '',
    dialledNumber: '',
    args: [],
    farEnd: { hear: (pcm) => far.hear(pcm), answered: () => undefined, ended },
    channelvars: { MEDIA_WEBSOCKET_CONNECTION_ID: connectionId },
    state: 'Down',
    isInStasis: false,
  });
  return switchboard.describe(switchboard.channel(id));
}

function addPhone({ switchboard, openPhone }: StandInRestParts, given: Given): unknown {
  const id = need(given, 'channelId');
  const endpoint = need(given, 'endpoint');
  const farEnd = openPhone(endpoint, id);
  if (farEnd === null) throw new StandInRefusal(500, 'Allocation failed');
  const args = (given['appArgs'] ?? '').split(',');
  switchboard.add({
    id,
    kind: 'phone',
    endpoint,
    callerNumber: '',
    dialledNumber: '',
    args,
    farEnd,
    channelvars: {},
    state: 'Down',
    isInStasis: false,
  });
  // As in Asterisk, the answer comes before the channel is in the application.
  setTimeout(() => {
    if (switchboard.channels.some((channel) => channel.id === id)) switchboard.enter(id);
  }, ENTER_MS);
  return switchboard.describe(switchboard.channel(id));
}

function dial({ switchboard, onRing }: StandInRestParts, given: Given): void {
  const channel = switchboard.channel(need(given, 'channelId'));
  if (!channel.isInStasis) throw new StandInRefusal(409, 'Channel not in Stasis application');
  switchboard.dial(channel.id, '');
  switchboard.setState(channel.id, 'Ringing');
  onRing({ channelId: channel.id, endpoint: channel.endpoint, timeoutMs: Number(given['timeout'] ?? 30) * 1_000 });
}

function need(given: Given, name: string): string {
  const value = given[name];
  if (value === undefined || value === '') throw new StandInRefusal(400, `${name} is required`);
  return value;
}

/** Fixed segments win over parameters: `channels/create` is no channel named "create". */
function findOperation(method: string, path: string): { readonly name: string; readonly given: Given } | null {
  const matches = Object.entries(operations).flatMap(([name, route]) => {
    const given = route.method === method ? matchPath(route, path) : null;
    return given === null ? [] : [{ name, given }];
  });
  return matches.toSorted((a, b) => Object.keys(a.given).length - Object.keys(b.given).length)[0] ?? null;
}

function matchPath(route: OperationRoute, path: string): Given | null {
  const wanted = route.path.slice(1).split('/');
  const actual = path.split('/');
  if (wanted.length !== actual.length) return null;
  const given: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = decodeURIComponent(actual[index] ?? '');
    if (part.startsWith('{')) given[part.slice(1, -1)] = value;
    else if (part !== value) return null;
  }
  return given;
}
