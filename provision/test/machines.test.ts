// Every recorded machine through the real probes, the sizing, the plan and the checks. A difference to what is committed is read by a person: vitest -u.
import { resolve } from 'node:path';
import { describe, it } from 'vitest';
import { sumBoardUse } from '#machine/board-use.ts';
import { listRecordedMachines, MACHINES_FOLDER, readRecordedMachine } from '#machine/testing/recorded-machine.ts';
import {
  differingLines,
  readProductManifest,
  renderFacts,
  renderPlan,
  renderSettings,
  tryMachine,
} from '#machine/testing/recorded-outcome.ts';

const signal = new AbortController().signal;
const manifest = await readProductManifest();
const machines = await listRecordedMachines();
const plain = await readRecordedMachine('no-gpu');
const usual = renderSettings(await tryMachine(plain, manifest, signal), plain);

describe.concurrent('recorded machines', () => {
  it.for(machines)('$name: $what', { timeout: 60_000 }, async (machine, { expect }) => {
    const outcome = await tryMachine(machine, manifest, signal);
    const file = (name: string): string => resolve(MACHINES_FOLDER, machine.name, name);
    const settings = renderSettings(outcome, machine);
    await expect(renderFacts(outcome)).toMatchFileSnapshot(file('facts.txt'));
    await expect(renderPlan(outcome, machine)).toMatchFileSnapshot(file('plan.txt'));
    await expect(machine.name === 'no-gpu' ? settings : differingLines(settings, usual)).toMatchFileSnapshot(file('settings.env'));
    for (const { uuid, takenBytes, freeBytes } of sumBoardUse(outcome.sizing, outcome.hardware.gpu))
      expect(takenBytes, uuid).toBeLessThanOrEqual(freeBytes);
  });
});
