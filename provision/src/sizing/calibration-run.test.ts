// One calibration with a control plane that answers over HTTP: what is refused, what is kept, and that the organization gets its own plan back.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { plannableHardware } from '#facts.ts';
import { EXIT } from '#place.ts';
import { bareFacts } from '#sample-facts.ts';
import { readSettings } from '#settings.ts';
import { parseState } from '#state.ts';
import { calibrate, planLevels } from './calibration-run.ts';
import type { CalibrationSite } from './calibration-run.ts';
import { digestHardware, readCalibration } from './calibration.ts';
import { sampleGpu, sampleHardware as boardHardware } from './sample-hardware.ts';

const demo = { organization: { name: 'Clínica' }, agents: [{ name: 'Ana', language: 'es', number: '1001' }], phones: [] };
const measured = {
  method: 'calls',
  speechToText: { seconds: 0.2, parallel: 4 },
  textToSpeech: { rtf: 0.05, firstAudioSeconds: 0.1 },
  languageModel: null,
  coresPerCall: 0.05,
  levels: [{ calls: 8, gapP95Ms: 900, turns: 40 }],
  maxConcurrentCalls: 8,
  isLimitFound: false,
  stopped: null,
};

let home = '';
let server: Server;
let live = 0;
let queries: string[] = [];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'centralita-calibration-'));
  live = 0;
  queries = [];
  server = createServer((_, response) => response.end(`centralita_calls_live ${live}\n`));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  for (const method of ['log', 'error'] as const) vi.spyOn(console, method).mockImplementation(() => undefined);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await new Promise((closed) => server.close(closed));
  await rm(home, { recursive: true });
});

function site(change: Partial<CalibrationSite> = {}): CalibrationSite {
  const settings = readSettings(
    new Map([
      ['HTTP_PORT', String((server.address() as AddressInfo).port)],
      ['MAX_CONCURRENT_CALLS', '8'],
      ['SIZED_CONCURRENT_CALLS', '8'],
    ]),
    '.env',
  );
  const facts = bareFacts({ home, settings, state: parseState(JSON.stringify({ demo: { digest: 'demo-1', answer: demo } })) });
  return {
    facts,
    look: async () => facts,
    query: async (sql) => void queries.push(sql),
    measure: async () => `8 calls\n${JSON.stringify(measured)}\n`,
    putInForce: async () => undefined,
    unmeasured: null,
    ...change,
  };
}

describe.skipIf(process.getuid?.() !== 0)('a calibration, kept in a file of root’s', () => {
  it('keeps what was measured with the machine that it was measured on, and puts it in force', async () => {
    const putInForce = vi.fn<() => Promise<void>>(async () => undefined);
    const words: (readonly string[])[] = [];
    const measure: CalibrationSite['measure'] = async (given) => {
      words.push(given);
      return `${JSON.stringify(measured)}\n`;
    };
    expect(await calibrate(site({ measure, putInForce }), { isJson: false, applies: true })).toBe(EXIT.ok);
    expect(words).toEqual([['1001', '1,2,4,8', expect.stringMatching(/^\d+$/)]]);
    expect(await readCalibration(home)).toMatchObject({
      maxConcurrentCalls: 8,
      hardwareDigest: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    expect(putInForce).toHaveBeenCalledOnce();
    expect(queries).toHaveLength(2);
  });

  it('is of the machine that was planned for: without a board that is left alone', async () => {
    const hardware = boardHardware({ gpus: [sampleGpu('NVIDIA L4', 24)] });
    const alone = plannableHardware(hardware, { PROFILE: 'cpu' });
    const given = site();
    const facts = { ...given.facts, hardware, sizing: { ...given.facts.sizing, hardware: alone } };
    await calibrate({ ...given, facts }, { isJson: false, applies: true });
    expect((await readCalibration(home))?.hardwareDigest).toBe(digestHardware(alone));
    expect(digestHardware(alone)).not.toBe(digestHardware(hardware));
  });

  it('is not put in force with --no-apply', async () => {
    const putInForce = vi.fn<() => Promise<void>>(async () => undefined);
    await calibrate(site({ putInForce }), { isJson: true, applies: false });
    expect(putInForce).not.toHaveBeenCalled();
  });

  it('that breaks gives the organization its plan back and keeps nothing', async () => {
    const measure = async (): Promise<string> => await Promise.reject(new Error('no call was answered'));
    await expect(calibrate(site({ measure }), { isJson: false, applies: true })).rejects.toThrow('no call was answered');
    expect(queries.at(-1)).toContain("delete from plans where id = 'calibration'");
    expect(await readCalibration(home)).toBeNull();
  });

  it('is refused while calls are up, before anything is changed', async () => {
    live = 3;
    await expect(calibrate(site(), { isJson: false, applies: true })).rejects.toThrow('3 calls are up');
    expect(queries).toEqual([]);
  });
});

it('tries no load twice where few calls are admitted', () => {
  const { facts } = site();
  expect(planLevels({ ...facts, settings: { ...facts.settings, MAX_CONCURRENT_CALLS: 2 } })).toEqual([1, 2]);
});
