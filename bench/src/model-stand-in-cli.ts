/**
 * The stand-in models as a process of their own, so that their work is not counted as the control plane's.
 * Options: the fields of `modelStandInSchema` in kebab case, such as `--speech-to-text-ms 120`. Tells its address on standard output
 * and, when started with an IPC channel, there too; the message "take_timings" is answered with the requests since the last one.
 */
import { parseArgs } from 'node:util';
import { modelStandInSchema, openModelStandIn } from './model-stand-in.ts';

const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const names = Object.keys(modelStandInSchema.shape);
const { values } = parseArgs({ options: Object.fromEntries(names.map((name) => [kebab(name), { type: 'string' as const }])) });
const standIn = await openModelStandIn(Object.fromEntries(names.map((name) => [name, values[kebab(name)]])));
console.log(`stand-in models on ${standIn.url}`);
process.send?.({ kind: 'open', url: standIn.url });
process.on('message', (message) => {
  if (message === 'take_timings') void standIn.takeTimings().then((timings) => process.send?.({ kind: 'timings', timings }));
});
// The bench that started this process is gone: nobody will ask for anything any more.
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
