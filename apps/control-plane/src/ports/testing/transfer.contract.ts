// What every leg must do when somebody is rung for its caller, whoever plays the telephones.
import { expect, it } from 'vitest';
import { FRAME_HZ } from '#audio/frame.ts';
import { BRIEF_WAIT_MS, KEY_WAIT_MS } from '#ports/call-control.ts';
import type { CallLeg, TransferOutcome, TransferProgress, TransferRequest, TransferTarget } from '#ports/call-control.ts';
import type { ScriptedRepresentative } from './scripted-transfer.ts';

/** A leg under test whose sound is open, with its far sides. */
export type TransferUnderTest = AsyncDisposable & {
  readonly leg: CallLeg;
  /** A telephone that is there. */
  readonly target: TransferTarget;
  /** The other end of that telephone, once it rings. */
  rings(): Promise<ScriptedRepresentative>;
  callerHangsUp(): void;
  /** Lets time pass. */
  pass(ms: number): Promise<void>;
};

/** As long as a real one is at least: it must be told apart from what comes at once. */
const BRIEF_MS = 600;
const brief = new Int16Array((BRIEF_MS * FRAME_HZ) / 1_000).fill(4_000);
const never = new Promise<never>(() => undefined);

type Begun = TransferUnderTest & {
  readonly outcome: Promise<TransferOutcome>;
  /** Null while it is not known. */
  readonly settled: () => TransferOutcome | null;
  readonly progress: readonly TransferProgress[];
  readonly representative: ScriptedRepresentative;
};

type Asked = Partial<Pick<TransferRequest, 'brief' | 'requiresKey' | 'signal'>>;

async function begin(
  under: TransferUnderTest,
  { brief: sound = Promise.resolve(brief), requiresKey = false, signal }: Asked = {},
): Promise<Begun> {
  const progress: TransferProgress[] = [];
  let settled: TransferOutcome | null = null;
  const outcome = under.leg.transfer(under.target, {
    ringMs: 20_000,
    brief: sound,
    requiresKey,
    onProgress: (event) => progress.push(event),
    signal: signal ?? new AbortController().signal,
  });
  outcome.then(
    (result) => (settled = result),
    () => {},
  );
  return { ...under, outcome, settled: () => settled, progress, representative: await under.rings() };
}

/** Time passes until it is so, or for as long as a real brief and a required key take together. */
async function until(under: TransferUnderTest, what: string, isSo: () => boolean): Promise<void> {
  for (let gone = 0; !isSo(); gone += 20) {
    if (gone > BRIEF_MS + KEY_WAIT_MS + 3_000) throw new Error(`after ${gone} ms still not: ${what}`);
    await under.pass(20);
  }
}

const isBriefed = (begun: Begun) => () => begun.progress.some(({ kind }) => kind === 'briefed');
const isOver = (begun: Begun) => () => begun.settled() !== null;

/** Runs the contract against the legs that `open` opens. */
export function describeTransfer(name: string, open: () => Promise<TransferUnderTest>): void {
  it(`${name}: connects whoever answers when the brief was played, and says when the talk is over`, async () => {
    await using under = await open();
    const begun = await begin(under);
    begun.representative.answers();
    await until(under, 'answered', () => begun.progress.length > 0);
    expect(begun.progress).toEqual([{ kind: 'answered' }]);
    await until(under, 'briefed', isBriefed(begun));
    expect(begun.progress[1]).toEqual({ kind: 'briefed', by: 'end', heardMs: BRIEF_MS });
    await under.pass(200);
    expect(begun.settled()).toBeNull();
    begun.representative.hangsUp();
    await until(under, 'over', isOver(begun));
    expect(begun.settled()?.kind).toBe('bridged');
  });

  it(`${name}: a key connects at once`, async () => {
    await using under = await open();
    const begun = await begin(under);
    begun.representative.answers();
    await until(under, 'answered', () => begun.progress.length > 0);
    begun.representative.presses('1');
    await until(under, 'briefed', isBriefed(begun));
    expect(begun.progress[1]).toMatchObject({ kind: 'briefed', by: 'key' });
    under.callerHangsUp();
    await until(under, 'over', isOver(begun));
    expect(begun.settled()?.kind).toBe('bridged');
  });

  for (const by of ['key', 'hung_up'] as const) {
    it(`${name}: whoever answers sends the caller back: ${by}, and somebody can be rung again`, async () => {
      await using under = await open();
      for (let times = 0; times < 2; times++) {
        const begun = await begin(under);
        begun.representative.answers();
        await until(under, 'answered', () => begun.progress.length > 0);
        await under.pass(100);
        if (by === 'key') begun.representative.presses('2');
        else begun.representative.hangsUp();
        await until(under, 'over', isOver(begun));
        expect(begun.settled()).toEqual({ kind: 'declined', by });
        expect(begun.progress).toEqual([{ kind: 'answered' }]);
      }
    });
  }

  it(`${name}: where a key is required, who presses none gets no caller, and who presses one does`, async () => {
    await using under = await open();
    const machine = await begin(under, { requiresKey: true });
    machine.representative.answers();
    await until(under, 'over', isOver(machine));
    expect(machine.settled()).toEqual({ kind: 'declined', by: 'no_key' });
    const person = await begin(under, { requiresKey: true });
    person.representative.answers();
    await until(under, 'answered', () => person.progress.length > 0);
    await under.pass(BRIEF_MS + 400);
    expect(isBriefed(person)()).toBe(false);
    person.representative.presses('1');
    await until(under, 'briefed', isBriefed(person));
    person.representative.hangsUp();
    await until(under, 'over', isOver(person));
    expect(person.settled()?.kind).toBe('bridged');
  });

  it(`${name}: connects at once without a brief, and after ${BRIEF_WAIT_MS} ms without one that is not made yet`, async () => {
    await using under = await open();
    for (const sound of [Promise.resolve(null), never]) {
      const begun = await begin(under, { brief: sound });
      begun.representative.answers();
      await until(under, 'briefed', isBriefed(begun));
      expect(begun.progress).toEqual([{ kind: 'answered' }, { kind: 'briefed', by: 'nothing', heardMs: 0 }]);
      begun.representative.hangsUp();
      await until(under, 'over', isOver(begun));
    }
  });

  it(`${name}: a caller who hangs up during the brief is gone`, async () => {
    await using under = await open();
    const begun = await begin(under);
    begun.representative.answers();
    await until(under, 'answered', () => begun.progress.length > 0);
    await under.pass(100);
    under.callerHangsUp();
    await until(under, 'over', isOver(begun));
    expect(begun.settled()).toEqual({ kind: 'caller_gone' });
  });

  it(`${name}: rejects with the reason of its signal, while it rings and during the brief`, async () => {
    await using under = await open();
    for (const isAnswered of [false, true]) {
      const controller = new AbortController();
      const begun = await begin(under, { signal: controller.signal });
      if (isAnswered) {
        begun.representative.answers();
        await until(under, 'answered', () => begun.progress.length > 0);
        await under.pass(100);
      }
      controller.abort(new Error('changed our mind'));
      await expect(begun.outcome).rejects.toThrow('changed our mind');
    }
  });
}
