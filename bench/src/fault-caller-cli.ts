/** A telephone of its own process, to be killed: calls a number on the loopback's SIP port, says "answered" when it is, and waits. Arguments: port, number. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openSipCaller } from '@centralita/sip-caller/sip-caller.ts';

const [port, number = ''] = process.argv.slice(2);
const caller = await openSipCaller({ server: { host: '127.0.0.1', port: Number(port) }, username: 'bench' });
const call = await caller.call(number, { signal: AbortSignal.timeout(60_000), record: false });
console.log((await call.outcome).kind);
await sleep(60_000);
