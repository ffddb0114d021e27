// centralita chat: talking to an agent in a terminal.
import type { ChatInput, ChatReply } from './chat-client.ts';
import { openChatClient } from './chat-client.ts';
import type { CommandSpec } from './command-group.ts';
import { printable } from './table.ts';
import type { Terminal } from './terminal.ts';

const HELP = '/keys 1#  /silence  /nobody (the transfer reached nobody)  /quit';

export const chatCommand: CommandSpec = {
  name: 'chat',
  args: ['agent'],
  summary: 'talk to an agent, with the token in CENTRALITA_TOKEN; lines from standard input where nobody types',
  example: 'chat agent_0198c0ffee…',
  run: async ({ terminal, common }, { args }) => {
    const client = await openChatClient(terminal, common.url);
    const agentId = args['agent'] ?? '';
    let conversationId: string | null = null;
    let silences = 0;
    const say = async (input: ChatInput): Promise<ChatReply> => {
      const onText = common.json ? undefined : (text: string) => terminal.out(printable(text));
      const reply: ChatReply = await client.send({ agentId, conversationId }, input, onText);
      conversationId = reply.conversationId;
      if (common.json) terminal.out(`${JSON.stringify(reply)}\n`);
      else tell(terminal, reply);
      return reply;
    };
    let { nextStep } = await say({});
    if (terminal.isInteractive) terminal.err(`${HELP}\n`);
    for await (const line of linesOf(terminal)) {
      if (line === '/quit') return;
      silences = line === '/silence' ? silences + 1 : 0;
      const input = inputOf(line, silences);
      if (input === null) terminal.err(`${HELP}\n`);
      else ({ nextStep } = await say(input));
      if (nextStep.kind === 'end_call') return;
    }
  },
};

/** Where the conversation stands, beside what is said: an agent's words alone can be piped on. */
function tell(terminal: Terminal, { node, slots, nextStep, notes }: ChatReply): void {
  const known = Object.entries(slots).map(([name, value]) => `${name}=${value}`);
  const tools = notes.filter(({ name }) => name === 'tool_called').map(({ fields }) => `tool ${String(fields['tool'])}`);
  const step = nextStep.kind === 'listen' ? [] : [nextStep.kind === 'transfer' ? `transfer to ${String(nextStep['destination'])}` : 'end'];
  terminal.out('\n');
  terminal.err(`${printable(`[${[node, ...known, ...tools, ...step].join(' · ')}]`)}\n`);
}

/** Null for what is no command of ours. */
function inputOf(line: string, silences: number): ChatInput | null {
  if (!line.startsWith('/')) return { message: line };
  if (line === '/silence') return { silences };
  if (line === '/nobody') return { transferFailed: true };
  const keys = /^\/keys ([0-9*#]+)$/.exec(line)?.[1];
  return keys === undefined ? null : { keys };
}

/** What a person types, line by line until an empty one; or what comes on standard input. */
async function* linesOf(terminal: Terminal): AsyncGenerator<string> {
  if (!terminal.isInteractive) {
    for (const line of (await terminal.readInput()).split('\n')) if (line.trim() !== '') yield line.trim();
    return;
  }
  for (;;) {
    const line = (await terminal.ask('> ')).trim();
    if (line === '') return;
    yield line;
  }
}
