/** `npm run dev`: talk to the demo agents by typing. Logs go to a file, so that they do not mix with the conversation. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { destination } from 'pino';
import { z } from 'zod';
import { openLog } from '#shared/log.ts';
import { openSandbox } from './sandbox.ts';
import { openTerminalScreen } from './terminal-screen.ts';
import { openTerminalSession } from './terminal-session.ts';
import type { TerminalSession } from './terminal-session.ts';

const httpPort = z.coerce.number().int().min(0).max(65_535).default(0).parse(process.env['HTTP_PORT']);
const logFile = process.env['SANDBOX_LOG'] ?? join(tmpdir(), `centralita-sandbox-${process.pid}.log`);
const log = openLog({
  level: process.env['LOG_LEVEL'] ?? 'info',
  service: 'sandbox',
  destination: destination({ dest: logFile, sync: false, mode: 0o600 }),
});
const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort()).once('SIGTERM', () => stopping.abort());

using screen = openTerminalScreen({ input: process.stdin, output: process.stdout });
stopping.signal.addEventListener('abort', () => screen[Symbol.dispose]());
screen.tell('Centralita sandbox: real engine, real protocols; speech is a text modem, the telephone system and the models are stand-ins.');
screen.tell(`-- starting; logs in ${logFile}`);
let session: TerminalSession | null = null;
await using sandbox = await openSandbox({ log, signal: stopping.signal, httpPort, onRing: (phone) => session?.ring(phone) });
screen.tell(`-- API on ${sandbox.httpAddress}, admin key ${sandbox.adminKey}`);
session = openTerminalSession({
  screen,
  numbers: sandbox.numbers,
  placeCall: (number) => sandbox.placeCall(number),
  signal: stopping.signal,
});
await session.run();
