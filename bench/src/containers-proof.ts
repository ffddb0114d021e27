/** The container runtime from debootstrap to a call from outside, on an engine of the proof's own: what it takes, and what must not be found in it. */
import { startContainerEngine } from '@centralita/e2e/container-engine.ts';
import { runContainersTrial } from '@centralita/e2e/containers-trial.ts';
import { CONTAINER_REACHES, countContainers } from './containers-figures.ts';
import { runBench } from './harness.ts';

await runBench({
  name: 'containers',
  defaults: {},
  reaches: CONTAINER_REACHES,
  standIns: ['the callers are programs that speak with espeak-ng, and recognition is of phrases: no weights are here'],
  async run({ log, signal }) {
    const started = await startContainerEngine();
    if (started.kind === 'none') throw new Error(`skipped: no engine (${started.reason})`);
    await using engine = started.engine;
    log(`engine ${engine.version}`);
    const trial = await runContainersTrial({ engine, log, signal, hasChanges: true });
    return { n: trial.containers.length, figures: countContainers(trial) };
  },
});
