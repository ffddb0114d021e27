// Every row and every live thing is named by a prefixed id, so that a log line says what it is about.
import { randomBytes } from 'node:crypto';

const PREFIXES = {
  organization: 'org',
  agent: 'agent',
  call: 'call',
  number: 'num',
  phone: 'phone',
  trunk: 'trunk',
  apiToken: 'tok',
  reply: 'reply',
  chat: 'chat',
  job: 'job',
  contact: 'contact',
  bookingService: 'svc',
  bookingStaff: 'staff',
  appointment: 'appt',
  document: 'doc',
  chunk: 'chunk',
  httpTool: 'tool',
  callerMessage: 'msg',
  alert: 'alert',
} as const;

export type IdKind = keyof typeof PREFIXES;
/** An id such as `call_0192f3…`: the prefix names the kind; the type keeps kinds apart. */
export type Id<Kind extends IdKind> = `${(typeof PREFIXES)[Kind]}_${string}`;
export type OrganizationId = Id<'organization'>;
export type AgentId = Id<'agent'>;
export type CallId = Id<'call'>;
export type NumberId = Id<'number'>;
export type PhoneId = Id<'phone'>;
export type TrunkId = Id<'trunk'>;
export type ApiTokenId = Id<'apiToken'>;
export type ReplyId = Id<'reply'>;
export type HttpToolId = Id<'httpTool'>;

/** Makes a new id: 48 bits of milliseconds then 80 random bits, so ids sort by creation and an index stays compact. */
export function newId<Kind extends IdKind>(kind: Kind, nowMs = Date.now()): Id<Kind> {
  const time = nowMs.toString(16).padStart(12, '0');
  return `${PREFIXES[kind]}_${time}${randomBytes(10).toString('hex')}`;
}

/** Whether a foreign text has the form of an id of this kind; says nothing of its existence. */
export function isId<Kind extends IdKind>(kind: Kind, text: string): text is Id<Kind> {
  return new RegExp(`^${PREFIXES[kind]}_[0-9a-f]{32}$`).test(text);
}
