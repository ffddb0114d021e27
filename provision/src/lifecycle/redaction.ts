/** Takes secrets, telephone numbers and e-mail addresses out of what an operator sends to a stranger. Too much rather than too little. */
import { isPersonal, isSecretName } from './sensitive-names.ts';

/** Shapes of secrets that are told by their form alone. */
const SECRET_SHAPES: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\b(cca|ck_admin|cck_live|cck|whsec|sk|ghp)_[A-Za-z0-9+/=_-]{8,}/g,
  /\bAGE-SECRET-KEY-[A-Z0-9-]+/g,
  /\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g,
  /(?<=\b(Bearer|Basic) )[A-Za-z0-9+/=._~-]{8,}/g,
  // User and password of an address.
  /(?<=:\/\/)[^/\s:@]+:[^/\s@]+(?=@)/g,
];
/** `password=…`, `"token": "…"`, `secret: …`: the value of a name that says what it is. */
const NAMED_SECRET = /((?:password|passwd|secret|token|api[_-]?key|auth(?:orization)?|signature|sig)["']?\s*[=:]\s*["']?)([^\s"',;&}]+)/gi;
const E_MAIL = /[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*\.[\p{L}]{2,}/gu;
/** International numbers, with the separators that people write. */
const E164 = /\+\d(?:[ .()-]?\d){6,14}/g;
/** Groups with spaces or dashes: 600 123 456. */
const GROUPED = /(?<![\d.:-])\(?\d{2,4}\)?(?:[ -]\d{2,4}){2,4}(?![\d.:-])/g;
/** Seven digits in a row and more, where no longer word holds them. */
const DIGITS = /(?<![\w.])\d{7,15}(?!\w|\.\d)/g;
/** Digits after the scheme of SIP and telephone addresses, and in a channel's name. */
const SIP_USER = /(?<=\b(?:sips?|tel):)\+?\d{3,}/gi;
const DATE = /^\d{4}-\d{2}-\d{2}/;

/** Redacts text that is no JSON. `secrets` are taken out wherever they stand. */
export function redactText(text: string, secrets: readonly string[]): string {
  let redacted = text;
  for (const secret of secrets) redacted = redacted.replaceAll(secret, '[secret]');
  for (const shape of SECRET_SHAPES) redacted = redacted.replaceAll(shape, '[secret]');
  return redacted
    .replaceAll(NAMED_SECRET, '$1[secret]')
    .replaceAll(E_MAIL, '[e-mail]')
    .replaceAll(E164, '[number]')
    .replaceAll(SIP_USER, '[number]')
    .replaceAll(GROUPED, (found) => (DATE.test(found) ? found : '[number]'))
    .replaceAll(DIGITS, '[number]');
}

/** Redacts a value: personal and secret fields by their names, texts by what is in them. Numbers that are numbers stay: our telephones are texts. */
export function redactValue(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return redactText(value, secrets);
  if (Array.isArray(value)) return value.map((item) => redactValue(item, secrets));
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, field]): [string, unknown] => {
    if (isPersonal(name)) return [name, '[personal]'];
    if (isSecretName(name) && typeof field !== 'number' && typeof field !== 'boolean') return [name, '[secret]'];
    return [redactText(name, secrets), redactValue(field, secrets)];
  });
  return Object.fromEntries(fields);
}

/** Redacts a log, of JSON lines or of text or of both. */
export function redactLog(text: string, secrets: readonly string[]): string {
  return text
    .split('\n')
    .map((line) => redactLine(line, secrets))
    .join('\n');
}

function redactLine(line: string, secrets: readonly string[]): string {
  if (!line.startsWith('{')) return redactText(line, secrets);
  try {
    return JSON.stringify(redactValue(JSON.parse(line), secrets));
  } catch {
    return redactText(line, secrets);
  }
}

/** Redacts `.env`: of every variable that is not a setting of ours, and of every one whose name says so, the value. */
export function redactEnvironment(text: string, known: readonly string[], secrets: readonly string[]): string {
  return text
    .split('\n')
    .map((line) => {
      const [, before = '', key = '', value = ''] = /^(\s*([A-Za-z_][A-Za-z0-9_]*)\s*=)(.*)$/.exec(line) ?? [];
      if (key === '') return redactText(line, secrets);
      if (value === '') return line;
      if (!known.includes(key)) return `${before}[not a setting of ours]`;
      return isSecretName(key) ? `${before}[secret]` : `${before}${/^\d+$/.test(value) ? value : redactText(value, secrets)}`;
    })
    .join('\n');
}
