// A flow is checked where it is written, with the lines that the API would answer.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { play } from './testing/played-terminal.ts';

const example = readFileSync(new URL('../../../docs/examples/flows/clinic.es.json', import.meta.url), 'utf8');
type Draft = { flow: { nodes: { name: string; transitions: unknown[]; expert?: { tools: string[] } }[]; global: unknown[] } };
const changed = (change: (draft: Draft) => void): string => {
  const draft = JSON.parse(example) as Draft;
  change(draft);
  return JSON.stringify(draft);
};

describe('flow check', () => {
  it('finds nothing wrong with an example, as an agent and as a flow alone', async () => {
    const flow = JSON.stringify((JSON.parse(example) as Draft).flow);
    for (const text of [example, flow]) {
      const { exitCode, out, err } = await play(['flow', 'check', 'a.json'], { files: { 'a.json': text } });
      expect({ exitCode, out, err }).toEqual({ exitCode: 0, out: 'a.json: no problems\n', err: '' });
    }
    expect((await play(['flow', 'check', '-', '--json'], { input: flow })).out).toBe('{"valid":true,"problems":[]}\n');
  });

  it('prints a line for each problem, with its path, and ends with 1', async () => {
    const text = changed(({ flow }) => {
      flow.nodes[4]!.expert!.tools.push('transmogrify');
      flow.nodes.push({ ...flow.nodes[2]!, name: 'island' });
    });
    const { exitCode, out, err } = await play(['flow', 'check', 'a.json'], { files: { 'a.json': text } });
    expect(out.split('\n')).toEqual([
      expect.stringMatching(/^flow\.nodes\.\d+\.name: nothing leads to node "island"; remove it/),
      expect.stringMatching(/^flow\.nodes\.4\.expert\.tools\.4: there is no tool "transmogrify"; the tools are knowledge_search, /),
      '',
    ]);
    expect({ exitCode, err }).toEqual({ exitCode: 1, err: '2 problems\n' });
  });

  it('finds what a save of a flow of version 1 would refuse', async () => {
    const listens = (name: string, transitions: unknown[]) => ({ name, prompt: 'x', transitions, action: { kind: 'listen' } });
    const flow = {
      entry: 'menu',
      nodes: [
        listens('menu', [{ when: { kind: 'phrase', phrases: ['a'] }, goTo: 'trap' }]),
        listens('trap', []),
        { name: 'bye', prompt: 'x', transitions: [], action: { kind: 'end_call' } },
      ],
      global: [],
      notUnderstood: { say: 'x', limit: 1, goTo: 'bye' },
      noInputGoTo: 'bye',
    };
    const { exitCode, out } = await play(['flow', 'check', 'a.json'], { files: { 'a.json': JSON.stringify(flow) } });
    expect([exitCode, out]).toEqual([1, expect.stringMatching(/^nodes\.1\.transitions: a dead end: /)]);
  });

  it('says what the whole file is when it is no flow at all, and ends with 2 when it is no JSON', async () => {
    const list = await play(['flow', 'check', 'a.json'], { files: { 'a.json': '[]' } });
    expect([list.exitCode, list.out]).toEqual([1, expect.stringMatching(/^\(root\): /)]);
    expect((await play(['flow', 'check', 'a.json'], { files: { 'a.json': '{' } })).exitCode).toBe(2);
    const json = await play(['flow', 'check', 'a.json', '--json'], { files: { 'a.json': '{"flow":{}}' } });
    expect(JSON.parse(json.out)).toMatchObject({ valid: false });
  });
});
