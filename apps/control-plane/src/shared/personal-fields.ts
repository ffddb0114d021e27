// Names under which a log line would carry personal data: what a person said, who they are, where they are reached.

/** The one field that may carry it; hidden unless the operator wants to see it. */
export const PERSONAL_FIELD = 'pii';

const NAMES: ReadonlySet<string> = new Set(
  [
    PERSONAL_FIELD,
    'number phone phoneNumber callerNumber callerName dialledNumber destination endpointUser',
    'email emailAddress contact contactName firstName lastName fullName caller',
    'text texts words said utterance transcript messages prompt answer slots argumentsJson',
    'body query remoteAddress ipAddress',
  ].flatMap((names) => names.split(' ')),
);

/** Whether a field of this name carries personal data. */
export function isPersonal(name: string): boolean {
  return NAMES.has(name);
}
