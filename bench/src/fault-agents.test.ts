import { agentDraftSchema } from '@centralita/control-plane/dialog/flow-schema.ts';
import { expect, it } from 'vitest';
import { faultAgents } from './fault-agents.ts';

it.each(Object.entries(faultAgents))('the agent %s is one that the product takes', (_name, [, draft]) => {
  expect(agentDraftSchema.safeParse(draft).error?.issues ?? []).toEqual([]);
});
