// The verbs that only read: they write nothing, need no rights, and end with the code that their findings ask for.
import { createHash } from 'node:crypto';
import { lstat, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { EXIT, ObstacleError } from '#place.ts';
import { bareFacts } from '#sample-facts.ts';
import { sampleGpu, sampleHardware } from '#sizing/sample-hardware.ts';
import { exitCodeFor, joinFindings, runCheck } from './check-verb.ts';
import { judgeFacts } from './look.ts';
import { describePlan, renderPlan, runPlan } from './plan-verb.ts';

const repository = resolve(import.meta.dirname, '..', '..', '..');

/** Names, contents and times of everything below a folder. */
async function hashTree(folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const entry of (await readdir(folder, { recursive: true, withFileTypes: true })).toSorted((one, other) =>
    one.name < other.name ? -1 : 1,
  )) {
    const path = join(entry.parentPath, entry.name);
    const { mtimeMs, mode } = await lstat(path);
    hash.update(`${path} ${mtimeMs} ${mode}\n`);
    if (entry.isFile()) hash.update(await readFile(path));
  }
  return hash.digest('hex');
}

describe('reading verbs', () => {
  let home = '';
  let written = '';
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'centralita-reading-'));
    await writeFile(join(home, '.env'), '# mine\nHTTP_PORT=31399\nMY_KEY=kept\n');
    // Nobody is asked beyond this machine: with a proxy the mirror is not tried.
    vi.stubEnv('http_proxy', 'http://127.0.0.1:9');
    vi.spyOn(process.stdout, 'write').mockImplementation((text, done?: unknown) => {
      written += String(text);
      if (typeof done === 'function') done();
      return true;
    });
  });
  afterEach(() => {
    written = '';
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
    await rm(home, { recursive: true });
  });

  it('say what a run would change and leave every file as it was', async () => {
    const before = await hashTree(home);
    await runPlan({ home, repository }, ['--json'], AbortSignal.timeout(30_000));
    const report = JSON.parse(written) as {
      kind: string;
      changes: number;
      steps: { step: string }[];
      sizing: { plan: { terms: { name: string }[] } };
    };
    expect(report.kind).toBe('plan');
    expect(report.sizing.plan.terms.map(({ name }) => name)).toEqual(expect.arrayContaining(['cpu', 'disk', 'memory']));
    expect(report.changes).toBeGreaterThan(10);
    expect(report.steps.map(({ step }) => step)).toEqual(expect.arrayContaining(['private root', 'secrets', 'environment', 'test call']));
    expect(await hashTree(home)).toBe(before);
  }, 60_000);

  it('tell of a machine with a board each term of its calls, what binds, and what its models take of the board', () => {
    const hardware = sampleHardware({ gpus: [sampleGpu('NVIDIA L4', 24)] });
    const facts = bareFacts({ hardware });
    const report = describePlan({ ...judgeFacts(facts, { mirrorFault: null }) }, []);
    const text = renderPlan(report);
    expect(report.sizing.possible).toMatchObject({ profile: 'l', binding: 'start_cap', maxConcurrentCalls: 12 });
    expect(text).toMatch(/^profile espeak: .*no models/m);
    expect(text).toMatch(/^With its models fetched \(\.\/provision\.sh --models\):\n {2}profile l: /m);
    for (const name of ['vram', 'stt', 'tts', 'llm', 'cpu', 'disk', 'memory'])
      expect(text).toMatch(new RegExp(`^    ${name} \\d+: .* = \\d+$`, 'm'));
    expect(text).toMatch(/^ {2}model language_model: qwen3-8b-awq awq, [\d.]+ GiB on GPU-nvidia-l4-24$/m);
    expect(text).toMatch(/^ {2}f5-tts-spanish is left out: .* Fix: /m);
  });

  it('tell that nothing serves models on a board without containers, until a server of them is named', () => {
    const hardware = sampleHardware({ gpus: [sampleGpu('NVIDIA L4', 24)] });
    const { possible, ...sizing } = bareFacts({ hardware }).sizing;
    const warnings = (environmentText: string) =>
      judgeFacts(bareFacts({ hardware, environmentText, sizing: { ...sizing, plan: possible, possible } }), { mirrorFault: null }).warnings;
    const idle = expect.objectContaining({
      name: 'inference',
      reason: expect.stringMatching(/^12 calls are planned with the models on the boards/) as string,
    }) as object;
    expect(warnings('')).toContainEqual(idle);
    expect(warnings('SPEECH_TO_TEXT_URL=10.0.0.5:8001\n')).not.toContainEqual(idle);
  });

  it('check the machine, with an exit code that is in the answer too', async () => {
    const before = await hashTree(home);
    const exitCode = await runCheck({ home, repository }, ['--json'], AbortSignal.timeout(30_000));
    expect(JSON.parse(written)).toMatchObject({ kind: 'check', isInstalled: false, exitCode, home });
    expect(await hashTree(home)).toBe(before);
  }, 60_000);

  it('check a machine whose driver hangs in the time of one look, and without its board where the operator wants none', async () => {
    const programs = await mkdtemp(join(tmpdir(), 'centralita-hung-'));
    await writeFile(join(programs, 'nvidia-smi'), `#!/bin/sh\necho "$*" >> ${programs}/asked\nexec sleep 60\n`, { mode: 0o755 });
    vi.stubEnv('PATH', `${programs}:${process.env['PATH'] ?? ''}`);
    try {
      const check = async (...words: readonly string[]): Promise<{ obstacles: { name: string }[]; warnings: { name: string }[] }> => {
        written = '';
        await runCheck({ home, repository }, ['--json', ...words], AbortSignal.timeout(50_000));
        return JSON.parse(written) as { obstacles: { name: string }[]; warnings: { name: string }[] };
      };
      const { obstacles } = await check();
      // Asked twice it would be waited for twice.
      const asked = await readFile(join(programs, 'asked'), 'utf8');
      expect(asked.match(/query-gpu=uuid,name/g)).toHaveLength(1);
      expect(obstacles.filter(({ name }) => ['gpu', 'boards'].includes(name))).toMatchObject([
        { name: 'gpu', fix: expect.stringContaining('or go without the GPU: --profile cpu') as string },
      ]);
      const without = await check('--profile', 'cpu');
      expect(without.obstacles.map(({ name }) => name)).not.toContain('boards');
      expect(without.warnings.map(({ name }) => name)).toContain('gpu');
    } finally {
      vi.stubEnv('PATH', (process.env['PATH'] ?? '').slice(programs.length + 1));
      await rm(programs, { recursive: true });
    }
  }, 60_000);

  it('refuse an .env that is no text, or that has a wrong setting, naming the file and the fix', async () => {
    const broken = await mkdtemp(join(tmpdir(), 'centralita-broken-'));
    const plan = async (): Promise<number> => await runPlan({ home: broken, repository }, [], AbortSignal.timeout(30_000));
    await writeFile(join(broken, '.env'), Buffer.from([0xff, 0xfe, 0x00]));
    await expect(plan()).rejects.toThrow(/\.env is no text: put .*\.env\.bak/);
    await writeFile(join(broken, '.env'), 'HTTP_PORT=eighty\n');
    await expect(plan()).rejects.toThrow(/HTTP_PORT = "eighty"/);
    await expect(plan()).rejects.toBeInstanceOf(ObstacleError);
    await writeFile(join(broken, '.env'), 'SUPABASE_TOKEN_FILE=/nowhere/token\n');
    expect(await plan()).toBe(EXIT.obstacle);
    expect(written).toContain('In the way: SUPABASE_TOKEN_FILE=/nowhere/token: there is no such file');
    await rm(broken, { recursive: true });
  });

  it('say once what the doctor and the run both found', () => {
    const finding = (name: string, reason: string) => ({ name, reason, fix: 'f' });
    const doctors = {
      obstacles: [finding('ports', '5060 and 8080'), finding('clock', 'off'), finding('driver', 'old')],
      warnings: [finding('memory', 'little')],
    };
    const look = {
      obstacles: [
        finding('port', '5060'),
        finding('port', '8080'),
        finding('clock', 'off by so much'),
        finding('gpu', 'old'),
        finding('release', 'cut'),
      ],
      warnings: [finding('memory', 'little'), finding('http', 'open')],
    };
    // What keeps a run from going on is never hidden behind a warning of the same thing.
    const unsure = joinFindings(
      { obstacles: [finding('clock', 'off')], warnings: [] },
      { obstacles: [], warnings: [finding('clock', 'not kept')] },
    );
    expect(unsure).toEqual({ obstacles: [finding('clock', 'off')], warnings: [] });
    const { obstacles, warnings } = joinFindings(look, doctors);
    expect(obstacles.map(({ name }) => name)).toEqual(['ports', 'clock', 'gpu', 'release']);
    expect(warnings.map(({ name }) => name)).toEqual(['memory', 'http']);
  });

  it('end with 20 for what is in the way, else with 10 for what is worth a word, else with 0', () => {
    const finding = { name: 'clock', reason: 'it is off', fix: 'set it' };
    expect(exitCodeFor({ obstacles: [finding], warnings: [finding] })).toBe(EXIT.obstacle);
    expect(exitCodeFor({ obstacles: [], warnings: [finding] })).toBe(EXIT.warnings);
    expect(exitCodeFor({ obstacles: [], warnings: [] })).toBe(EXIT.ok);
  });
});
