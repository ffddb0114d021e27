/** Reads what a source file logs and says what breaks the rules of the log: a message that is put together, personal data beside `pii`. */
import { isPersonal, PERSONAL_FIELD } from '#shared/personal-fields.ts';
import { parseSync, Visitor } from 'oxc-parser';
import type { CallExpression, Expression, ObjectExpression, Program } from 'oxc-parser';

const LEVELS = new Set(['trace', 'debug', 'info', 'warn', 'error', 'fatal']);

/** What was read of a file: how many lines it can write, and what is wrong with them, such as `12: the message is put together`. */
export type LogReading = { readonly lines: number; readonly problems: readonly string[] };

/** Reads one file. Throws when it does not parse. */
export function readLogLines(name: string, source: string): LogReading {
  const { program, errors } = parseSync(name, source);
  if (errors.length > 0) throw new Error(`${name} does not parse: ${errors[0]?.message ?? ''}`);
  const named = namedObjects(program);
  const problems: string[] = [];
  let lines = 0;
  new Visitor({
    CallExpression(call) {
      const method = logMethodOf(call);
      if (method === null) return;
      lines += method === 'child' ? 0 : 1;
      const at = source.slice(0, call.start).split('\n').length;
      for (const problem of problemsOf(call, { method, named })) problems.push(`${at}: ${problem}`);
    },
  }).visit(program);
  return { lines, problems };
}

type Call = { readonly method: string; readonly named: ReadonlyMap<string, readonly ObjectExpression[]> };

function problemsOf(call: CallExpression, { method, named }: Call): string[] {
  const [fields, message] = call.arguments as Expression[];
  const problems = personalIn(fields, named).map((key) => `${key} is personal data: put it under ${PERSONAL_FIELD}`);
  if (method === 'child') return problems;
  if (fields === undefined || message === undefined || fields.type === 'Literal')
    problems.push('a line is fields and a message, in this order');
  else if (!isStatic(message)) problems.push('the message is put together: say it with fields');
  return problems;
}

/** `log.warn(…)`, `this.#log.warn(…)`, `jobLog.child(…)`: whatever is called a log. */
function logMethodOf({ callee }: CallExpression): string | null {
  if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return null;
  const method = callee.property.name;
  if (!LEVELS.has(method) && method !== 'child') return null;
  return /(^|[a-z])[lL]og(ger)?$/.test(nameOf(callee.object)) ? method : null;
}

function nameOf(expression: Expression): string {
  if (expression.type === 'Identifier') return expression.name;
  if (
    expression.type === 'MemberExpression' &&
    (expression.property.type === 'Identifier' || expression.property.type === 'PrivateIdentifier')
  )
    return expression.property.name;
  return '';
}

/** A text as it stands, one of two such texts, or one that is only broken over lines. */
function isStatic(message: Expression): boolean {
  if (message.type === 'Literal') return typeof message.value === 'string';
  if (message.type === 'ConditionalExpression') return isStatic(message.consequent) && isStatic(message.alternate);
  return message.type === 'BinaryExpression' && message.operator === '+' && isStatic(message.left as Expression) && isStatic(message.right);
}

/** Names of personal fields, also of an object that has a name of its own in the file. */
function personalIn(fields: Expression | undefined, named: Call['named']): string[] {
  if (fields === undefined) return [];
  if (fields.type === 'Identifier') return (named.get(fields.name) ?? []).flatMap((object) => personalKeys(object, named));
  return fields.type === 'ObjectExpression' ? personalKeys(fields, named) : [];
}

function personalKeys(object: ObjectExpression, named: Call['named']): string[] {
  return object.properties.flatMap((property) => {
    if (property.type === 'SpreadElement') return personalIn(property.argument, named);
    const key = property.key.type === 'Identifier' ? property.key.name : property.key.type === 'Literal' ? String(property.key.value) : '';
    if (key === PERSONAL_FIELD) return [];
    const inner = property.value.type === 'ObjectExpression' ? personalKeys(property.value, named) : [];
    return isPersonal(key) ? [key] : inner;
  });
}

/** Objects by the name of the constant that holds them. */
function namedObjects(program: Program): Map<string, ObjectExpression[]> {
  const named = new Map<string, ObjectExpression[]>();
  new Visitor({
    VariableDeclarator({ id, init }) {
      if (id.type === 'Identifier' && init?.type === 'ObjectExpression') named.set(id.name, [...(named.get(id.name) ?? []), init]);
    },
  }).visit(program);
  return named;
}
