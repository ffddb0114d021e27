// The plan of a run in containers says what the native one says, by the same code: every term of the calls, what binds, what is in the way. The engine is a program in PATH.
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runPlan } from '#lifecycle/plan-verb.ts';
import { EXIT } from '#place.ts';
import { applyContainers } from './container-apply.ts';
import { readRecipes } from './container-facts.ts';
import { lookAroundContainers } from './container-look.ts';
import { runInContainers } from './containers-verb.ts';
import { recipeTag } from './image-archive.ts';

const repository = resolve(import.meta.dirname, '../../..');
const signal = AbortSignal.timeout(60_000);
let folder = '';
let written = '';
const place = () => ({ home: join(folder, 'home'), repository });

const DOCKER = `#!/bin/sh
case "$*" in
  "version --format"*) echo 28.5.2 ;;
  "compose version"*) echo 2.40.3 ;;
  "image inspect"*) exit 1 ;;
esac
`;

/** What `--plan` prints in containers, and its exit code. */
async function plan(...words: readonly string[]): Promise<{ readonly text: string; readonly exitCode: number | null }> {
  written = '';
  const { exitCode } = await runInContainers('--plan', { place: place(), args: ['--runtime', 'docker', ...words], signal });
  return { text: written, exitCode };
}

describe('the plan of containers', () => {
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'centralita-container-plan-'));
    await mkdir(join(folder, 'bin'));
    await mkdir(place().home);
    await writeFile(join(folder, 'bin/docker'), DOCKER);
    await chmod(join(folder, 'bin/docker'), 0o755);
    vi.stubEnv('PATH', `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`);
    // Nobody is asked beyond this machine: with a proxy the mirror is not tried.
    vi.stubEnv('http_proxy', 'http://127.0.0.1:9');
    await writeFile(join(place().home, '.env'), 'SIP_PORT=31460\nHTTP_PORT=31399\nPROMETHEUS_PORT=31390\n');
    vi.spyOn(process.stdout, 'write').mockImplementation((text, done?: unknown) => {
      written += String(text);
      if (typeof done === 'function') done();
      return true;
    });
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
    await rm(folder, { recursive: true });
  });

  it('has the fields of the native one and the same terms', async () => {
    const { text } = await plan('--json');
    const contained = JSON.parse(text) as { sizing: { plan: { terms: { name: string }[]; binding: string } }; steps: { step: string }[] };
    written = '';
    await runPlan(place(), ['--json'], signal);
    const native = JSON.parse(written) as typeof contained;
    expect(Object.keys(contained)).toEqual(Object.keys(native));
    expect(contained.sizing.plan.binding).toBe(native.sizing.plan.binding);
    expect(contained.sizing.plan.terms.map(({ name }) => name)).toEqual(native.sizing.plan.terms.map(({ name }) => name));
    expect(contained.steps.map(({ step }) => step)).toEqual(expect.arrayContaining(['images', 'containers', 'command line', 'test call']));
  }, 60_000);

  it('prints each term with its sum and what binds, and the limits of the servers', async () => {
    const { text, exitCode } = await plan('--profile', 'cpu');
    expect(text).toMatch(/; containers with engine 28\.5\.2; installation in /);
    expect(text).toMatch(/^profile \S+: .+$/m);
    expect(text).toMatch(/^\d+ calls, bound by \w+$/m);
    for (const term of ['cpu', 'disk', 'memory']) expect(text).toMatch(new RegExp(`^  ${term} \\d+: .+ = \\d+$`, 'm'));
    expect(text).toContain('connections');
    expect(text).toMatch(/^ {2}settings: write \d+ settings/m);
    expect([EXIT.ok, EXIT.obstacle]).toContain(exitCode);
  }, 60_000);

  it('is told with everything that is in its way, the images of the boards too', async () => {
    await writeFile(
      join(place().home, '.env'),
      'CONTAINER_INFERENCE=gpu\nSPEECH_TO_TEXT_URL=localhost:8001\nTEXT_TO_SPEECH_URL=10.0.0.5:8001\n',
    );
    const { text, exitCode } = await plan();
    expect(exitCode).toBe(EXIT.obstacle);
    expect(text).toMatch(/^\d+ calls, bound by \w+$/m);
    expect(text).toMatch(/^In the way: the images that use the GPU are not named: TRITON_SPEECH_IMAGE.*--profile cpu$/m);
    expect(text).toMatch(/^In the way: SPEECH_TO_TEXT_URL=localhost:8001 is the container itself/m);
    expect(text).toMatch(
      /^ {2}TEXT_TO_SPEECH_URL=10\.0\.0\.5:8001 stays as \.env says; empty it for this machine's own, triton-speech:8001$/m,
    );
  }, 60_000);

  it('is refused with --models too before anything is fetched, where no fetching puts right what is in the way', async () => {
    await writeFile(join(place().home, '.env'), 'CONTAINER_INFERENCE=gpu\n');
    const said = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    const applied = applyContainers({ place: place(), args: ['--models', '--yes'], signal });
    await expect(applied).rejects.toThrow('the images that use the GPU are not named');
    // The models' verb tells what it fetches.
    expect(said).not.toHaveBeenCalled();
  }, 60_000);

  it('asks no mirror for a base image that the engine has already, as a bundle brings it', async () => {
    for (const name of ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY']) vi.stubEnv(name, '');
    vi.spyOn(globalThis, 'fetch').mockRejectedValue(new Error('no network'));
    const { look: without } = await lookAroundContainers({ ...place(), signal });
    expect(without.obstacles.map(({ name }) => name)).toContain('network');
    const tag = recipeTag('base', (await readRecipes(repository)).base);
    const withBase = DOCKER.replace('"image inspect"', `*"image inspect"*"${tag}") echo sha256:1 ;;\n  "image inspect"`);
    await writeFile(join(folder, 'bin/docker'), withBase);
    const { look } = await lookAroundContainers({ ...place(), signal });
    expect(look.obstacles.map(({ name }) => name)).not.toContain('network');
  }, 60_000);
});
