/** A recorded program: what it answers to which arguments, as a shell script for a PATH. */
import { z } from 'zod';

const answerSchema = z.strictObject({
  /** Words that its arguments contain; empty: whatever it was asked. The first that fits answers. */
  asked: z.string().default(''),
  says: z.string().default(''),
  complains: z.string().default(''),
  exits: z.int().default(0),
  /** Never ends, and neither does a child of its own, which holds its output open. */
  hangs: z.boolean().default(false),
});

/** Program -> its answers. */
export const programsSchema = z.record(z.string(), z.array(answerSchema));

/** The script. Nothing but absolute paths: the PATH it runs with has the recorded programs alone. */
export function renderProgram(answers: z.infer<typeof programsSchema>[string]): string {
  const cases = answers.map(({ asked, says, complains, exits, hangs }) =>
    [
      `  *${quote(asked)}*)`,
      ...(says === '' ? [] : [`    printf '%s' ${quote(says)}`]),
      ...(complains === '' ? [] : [`    printf '%s' ${quote(complains)} >&2`]),
      ...(hangs ? ['    /bin/sleep 600 &', '    /bin/sleep 600'] : []),
      `    exit ${exits} ;;`,
    ].join('\n'),
  );
  return ['#!/bin/sh', 'case "$*" in', ...cases, '  *) printf \'not recorded: %s\\n\' "$*" >&2; exit 64 ;;', 'esac', ''].join('\n');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
