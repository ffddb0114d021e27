import { expect, it } from 'vitest';
import { openManualClock } from '#ports/testing/manual-clock.ts';
import { openScriptedCallLeg } from '#ports/testing/scripted-call-leg.ts';
import { silentLog } from '#shared/log.ts';
import { CallSound } from './call-sound.ts';
import { MAX_REPAIRS, REPAIRS_WITHIN_MS } from './limits.ts';

/** An open sound that breaks `times` times, `everyMs` apart: how often it came back, and whether it was given up. */
async function breaking(times: number, everyMs: number) {
  const clock = openManualClock();
  const leg = openScriptedCallLeg({ clock });
  let [repaired, lost] = [0, 0];
  await using sound = new CallSound(
    { leg, clock, log: silentLog, record: { note() {} } },
    {
      frame() {},
      playout() {},
      mayRepair: () => true,
      repaired: () => (repaired += 1),
      lost: () => (lost += 1),
      bug(error) {
        throw error;
      },
    },
  );
  const opening = sound.open(AbortSignal.timeout(5_000));
  await clock.run(100);
  await opening;
  for (let time = 0; time < times; time++) {
    leg.media().end('lost');
    await clock.run(everyMs);
  }
  return { repaired, lost };
}

it('a sound that breaks again and again is built anew ten times within a minute, then the call is over', async () => {
  await expect(breaking(MAX_REPAIRS + 1, REPAIRS_WITHIN_MS / 20)).resolves.toEqual({ repaired: MAX_REPAIRS, lost: 1 });
});

it('a sound that breaks every ten seconds is built anew however long the call lasts', async () => {
  await expect(breaking(5 * MAX_REPAIRS, 10_000)).resolves.toEqual({ repaired: 5 * MAX_REPAIRS, lost: 0 });
});
