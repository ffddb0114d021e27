/** Decides what one text message of the event socket is; everything behind it may trust the types. */
import { type AriEvent, requiredFields } from './generated/events.ts';

/** Asterisk's answer to a request that was sent over the socket. */
export interface SocketAnswer {
  readonly requestId: string;
  readonly status: number;
  readonly reason: string;
  readonly body: string;
}

/** Why a message is of no use: it cannot be read, it is of a kind that our Asterisk does not have, or a part of it is missing. */
export type UnusableReason = 'not_json' | 'not_an_object' | 'unknown_type' | 'field_missing';

export type AriMessage =
  | { readonly kind: 'event'; readonly event: AriEvent }
  | { readonly kind: 'answer'; readonly answer: SocketAnswer }
  | {
      readonly kind: 'unusable';
      readonly reason: UnusableReason;
      readonly type?: string;
      readonly field?: string;
    };

/** Never throws: what cannot be used comes back as `unusable` with the reason. */
export function parseMessage(text: string): AriMessage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'unusable', reason: 'not_json' };
  }
  if (!isRecord(value)) return { kind: 'unusable', reason: 'not_an_object' };
  const type = value['type'];
  if (type === 'RESTResponse') return parseAnswer(value);
  if (typeof type !== 'string' || !Object.hasOwn(requiredFields, type)) {
    return { kind: 'unusable', reason: 'unknown_type', type: String(type) };
  }
  const required = Object.entries(requiredFields[type as AriEvent['type']]);
  const missing = required.find(([field, kind]) => jsonKind(value[field]) !== kind);
  if (missing !== undefined) return { kind: 'unusable', reason: 'field_missing', type, field: missing[0] };
  return { kind: 'event', event: value as unknown as AriEvent };
}

function parseAnswer(value: Readonly<Record<string, unknown>>): AriMessage {
  const { request_id: requestId, status_code: status, reason_phrase: reason, message_body: body } = value;
  if (typeof requestId !== 'string') return { kind: 'unusable', reason: 'field_missing', type: 'RESTResponse', field: 'request_id' };
  if (typeof status !== 'number') return { kind: 'unusable', reason: 'field_missing', type: 'RESTResponse', field: 'status_code' };
  const answer = { requestId, status, reason: typeof reason === 'string' ? reason : '', body: typeof body === 'string' ? body : '' };
  return { kind: 'answer', answer };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return 'list';
  return value === null ? 'null' : typeof value;
}
