/** The sentences that an agent's flow can say, as they come over the wire: what the tests listen for. */
import type { AgentProfile } from '@centralita/control-plane/ports/agent-profile.ts';

/** What an agent says on arriving at `nodeName`: its prompt and those of the nodes it goes on to. `slots` fill the braces. */
export function textAt(agent: Pick<AgentProfile, 'flow'>, nodeName: string, slots: Readonly<Record<string, string>> = {}): string {
  const said: string[] = [];
  for (let name: string | null = nodeName; name !== null;) {
    const node = agent.flow.nodes.find((candidate) => candidate.name === name);
    if (node === undefined) throw new Error(`the flow has no node ${name}`);
    said.push(node.prompt.replace(/\{(\w+)\}/g, (_, slot: string) => slots[slot] ?? ''));
    name = node.action.kind === 'go_on' ? node.action.goTo : null;
  }
  return said.join(' ');
}

/** Every text that the agent can say on arriving somewhere, with `slots` filled in: the choice that an ear is given. */
export function textsOf(agent: Pick<AgentProfile, 'flow'>, slots: Readonly<Record<string, string>> = {}): readonly string[] {
  const { flow } = agent;
  const arrivals = flow.nodes.map((node) => textAt(agent, node.name, slots));
  const again = flow.nodes.map((node) => node.reprompt ?? node.prompt);
  const misses = again.map((text) => `${flow.notUnderstood.say} ${text}`);
  return [...new Set([...arrivals, ...again, ...misses])];
}
