/** Puts the demo organization into the database: somebody who has just installed the appliance can call it. */
import { z } from 'zod';
import type { Facts } from './facts.ts';
import type { Step } from './plan.ts';
import { CONTROL_PLANE, parseLastLine, runProgram } from './program.ts';
import { updateState } from './state.ts';

const demoSchema = z.object({
  organization: z.object({ name: z.string() }),
  agents: z.array(z.object({ name: z.string(), language: z.string(), number: z.string() })).min(1),
  phones: z.array(z.object({ extension: z.string(), username: z.string(), displayName: z.string() })),
});

/** The demo as the seed program tells it. */
export type Demo = z.infer<typeof demoSchema>;

/** Checks what the seed program printed, now or in an earlier run. */
export function parseDemo(answer: unknown): Demo {
  return demoSchema.parse(answer);
}

export const demoStep: Step = {
  name: 'demo organization',
  changes: ({ state, digests }) =>
    state.demo?.digest === digests.demo ? [] : ['create the demo organization with two agents and a phone'],
  apply: async ({ facts, signal }) => {
    const answer = parseDemo(
      parseLastLine(
        await runProgram(facts, { argv: [CONTROL_PLANE, 'seed-demo'], env: phonePassword(facts), signal, timeoutMs: 60_000 }),
        'seed-demo',
      ),
    );
    await updateState(facts.home, () => ({ demo: { digest: facts.digests.demo, answer } }));
  },
};

/** In the environment: an argument can be read by every user of the machine. */
function phonePassword({ secrets }: Facts): Readonly<Record<string, string>> {
  return secrets ? { DEMO_PHONE_PASSWORD: secrets.phone } : {};
}
