/** Names of fields and variables that hold what must not leave the machine, whatever their value looks like. */

/** Field names of people's own things, as the logs use them. */
const PERSONAL = [
  'pii',
  'heard',
  'text',
  'transcript',
  'caller',
  'callerNumber',
  'number',
  'phoneNumber',
  'from',
  'to',
  'email',
  'displayName',
];

/** Whether the field holds what a person said or is. */
export function isPersonal(name: string): boolean {
  return PERSONAL.includes(name);
}

/** Whether the name says that it is a secret. */
export function isSecretName(name: string): boolean {
  return (
    /(password|passwd|secret|token|apikey|api_key|adminkey|privatekey|authorization|cookie)/i.test(name) &&
    !/(_FILE|Path|_TOKENS|Tokens)$/.test(name)
  );
}
