/** The asker as a process of its own: options as one line of JSON on standard input, what came back as one line on standard output. */
import { text } from 'node:stream/consumers';
import type { HttpLoadOptions } from './http-load.ts';
import { loadHttp } from './http-load.ts';

const result = await loadHttp(JSON.parse(await text(process.stdin)) as HttpLoadOptions);
const { user, system } = process.cpuUsage();
process.stdout.write(`${JSON.stringify({ ...result, cpuMs: (user + system) / 1000 })}\n`);
