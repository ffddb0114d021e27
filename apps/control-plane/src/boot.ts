// The first file of the serving process: callers of a process that died first, then everything else.
//
//   node boot.ts              serves calls and HTTP until SIGTERM or SIGINT
import { enableCompileCache, flushCompileCache } from 'node:module';
import { join } from 'node:path';

const { STATE_DIR } = process.env;
// Code that was compiled once is read from the disk: on a busy machine that is most of the time until callers hear us again.
if (STATE_DIR) enableCompileCache(join(STATE_DIR, 'compile-cache'));

const stop = new AbortController();
const abort = (): void => stop.abort();
process.once('SIGTERM', abort).once('SIGINT', abort);
const { openEarlyCalls } = await import('./early-calls.ts');
const early = openEarlyCalls(process.env, stop.signal);
// Its failure is told by the command that waits for it.
await early.catch(() => undefined);
const { run, serve } = await import('./main.ts');
process.off('SIGTERM', abort).off('SIGINT', abort);
flushCompileCache();
await run('serve', async () => serve(await early));
