/** The stand-in models with a script, as a process that can be killed and frozen. Option: `--port`. Scripts come over Node's IPC channel, one answer "done" each. */
import { parseArgs } from 'node:util';
import { inferenceRoles } from '@centralita/control-plane/sandbox/inference-request.ts';
import { openInferenceStandIn } from '@centralita/control-plane/sandbox/inference-stand-in-server.ts';
import { modelTimes } from './bench-rig.ts';
import { openScriptBook } from './fault-models.ts';
import type { Script } from './fault-models.ts';
import { modelStandInSchema, standInModels } from './model-stand-in.ts';

const { values } = parseArgs({ options: { port: { type: 'string' } } });
const book = openScriptBook();
const models = standInModels(modelStandInSchema.parse({ ...modelTimes, heard: 'frase {n}', reply: 'Esta es la respuesta {n}. ' }));
const server = await openInferenceStandIn({
  port: Number(values.port),
  models: Object.fromEntries(inferenceRoles.map((role) => [role, book.wrap(role, models[role])])),
});
process.send?.({ kind: 'open', url: server.url });
process.on('message', (message: Script | 'clear') => {
  if (message === 'clear') book.clear();
  else book.set(message);
  process.send?.({ kind: 'done' });
});
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
