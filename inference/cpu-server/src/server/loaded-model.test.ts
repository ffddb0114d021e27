// One role through the loads, reloads and unloads of its model.
import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { Contract } from './contract.ts';
import { openLoadedModel } from './loaded-model.ts';
import type { RoleModel } from './role-model.ts';

const contract: Contract = { role: 'echo', purpose: 'a test', call: 'ModelInfer', inputs: [], outputs: [] };
const limits = { maxRunning: 1, maxWaiting: 1 };

/** Models one after another; an error in the list is one that does not load. */
async function load(models: readonly (string | Error)[]) {
  const ended: string[] = [];
  const left = [...models];
  const open = async (): Promise<RoleModel> => {
    const next = left.shift() ?? new Error('nothing left');
    await Promise.resolve();
    if (next instanceof Error) throw next;
    const end = async () => void ended.push(next);
    const run = async function* () {
      yield [];
    };
    return { contract, engine: 'scripted', note: next, limits, state: () => ({ kind: 'ready' }), run, [Symbol.asyncDispose]: end };
  };
  const loaded = await openLoadedModel({ contract, engine: 'scripted', limits, open, log: pino({ level: 'silent' }) });
  return { loaded, ended };
}

test('the new model serves when it is ready, and the old one ends with its last request', async () => {
  const { loaded, ended } = await load(['old', 'new']);
  const lease = loaded.lease();
  await loaded.load();
  expect(loaded.current.note).toBe('new');
  expect([lease.model.note, ...ended]).toEqual(['old']);
  lease[Symbol.dispose]();
  lease[Symbol.dispose]();
  expect(ended).toEqual(['old']);
});

test('a model that does not load leaves the old one serving and says why, until one loads', async () => {
  const { loaded, ended } = await load(['old', new Error('half a file'), 'new']);
  await expect(loaded.load()).rejects.toMatchObject({
    refusal: 'not_loaded',
    message: 'echo did not load (the one that was loaded before goes on): half a file',
  });
  expect([loaded.current.note, loaded.loadFault, ...ended]).toEqual(['old', 'half a file']);
  await loaded.load();
  expect([loaded.current.note, loaded.loadFault, ...ended]).toEqual(['new', null, 'old']);
});

test('a role whose first model does not load is unavailable with the reason, and serves once one does', async () => {
  const { loaded } = await load([new Error('no weights'), new Error('still none'), 'weights']);
  expect(loaded.current.state()).toEqual({ kind: 'unavailable', reason: 'no weights' });
  await expect(loaded.load()).rejects.toThrow('there is none that could serve');
  expect(loaded.current.state()).toEqual({ kind: 'unavailable', reason: 'still none' });
  await loaded.load();
  expect(loaded.current.state().kind).toBe('ready');
});

test('a load that is asked for during another comes after it, once for all who asked', async () => {
  const { loaded } = await load(['first', 'second', 'third', 'fourth']);
  await Promise.all([loaded.load(), loaded.load(), loaded.load()]);
  expect(loaded.current.note).toBe('third');
});

test('an unloaded role refuses and says how to have it back; closing ends what is left', async () => {
  const { loaded, ended } = await load(['old', 'new']);
  await loaded.unload();
  expect(ended).toEqual(['old']);
  expect(loaded.current.state()).toMatchObject({ reason: expect.stringContaining('RepositoryModelLoad') as string });
  await loaded.load();
  loaded.lease();
  await loaded[Symbol.asyncDispose]();
  expect(ended).toEqual(['old', 'new']);
});
