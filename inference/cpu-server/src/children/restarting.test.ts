// A process that serves a model and dies is started again; one that was ended is not.
import { expect, onTestFinished, test } from 'vitest';
import { RequestRefused } from '#server/role-model.ts';
import { openRestarting, type Mortal } from './restarting.ts';

interface Life extends Mortal {
  readonly number: number;
  die(reason: string): void;
}

function life(number: number): Life {
  const died = Promise.withResolvers<string>();
  let death: string | null = null;
  const die = (reason: string) => died.resolve((death = reason));
  return {
    number,
    get death() {
      return death;
    },
    died: died.promise,
    die,
    [Symbol.asyncDispose]: async () => die('ended'),
  };
}

/** An engine whose starts go as the test says; `true` is one that starts. */
async function open(starts: readonly boolean[]) {
  let count = 0;
  const engine = await openRestarting<Life>(
    async () => {
      count += 1;
      if (starts[count - 1] === false) throw new Error(`start ${count} failed`);
      return life(count);
    },
    { minMs: 20, maxMs: 80 },
  );
  onTestFinished(async () => await engine[Symbol.asyncDispose]());
  return { engine, started: () => count };
}

test('the first start that fails is an error', async () => {
  await expect(open([false])).rejects.toThrow('start 1 failed');
});

test('an engine that dies is started again, after starts that fail too', async () => {
  const { engine } = await open([true, false, false, true]);
  engine.engine().die('out of memory');
  expect(engine.state()).toEqual({ kind: 'unavailable', reason: 'out of memory' });
  expect(() => engine.engine()).toThrow(RequestRefused);
  await expect.poll(() => engine.state()).toEqual({ kind: 'unavailable', reason: 'start 3 failed' });
  await expect.poll(() => engine.state().kind).toBe('ready');
  expect(engine.engine().number).toBe(4);
});

test('an engine that is ended is not started again', async () => {
  const { engine, started } = await open([true, true]);
  await engine[Symbol.asyncDispose]();
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(started()).toBe(1);
});
