/** What the tests on a container engine begin with: who asks for them, and what becomes of one where no engine comes up. */
import type { TestContext } from 'vitest';
import { startContainerEngine } from './container-engine.ts';
import type { ContainerEngine } from './container-engine.ts';

/** Tests on an engine take minutes and root: only where CENTRALITA_DOCKER_TEST=1 asks for them. */
export const isEngineTestAsked = process.env['CENTRALITA_DOCKER_TEST'] === '1';

/** An engine for this test, which disposes of it. Where there can be none the test is skipped with the reason. */
export async function engineFor(context: TestContext): Promise<ContainerEngine> {
  const started = await startContainerEngine();
  if (started.kind === 'started') return started.engine;
  console.log(`skipped: no engine (${started.reason})`);
  return context.skip(`no engine: ${started.reason}`);
}
