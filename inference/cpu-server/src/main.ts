// The process: environment in, server up, and an orderly end on SIGTERM or SIGINT.
import { pino } from 'pino';
import { loadConfig } from '#server/config.ts';
import { openCpuServer } from './cpu-server.ts';

const config = loadConfig(process.env);
const log = pino({ base: { service: 'cpu-server' }, level: config.logLevel });
const stopped = new Promise<NodeJS.Signals>((resolve) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve);
});

await using server = await openCpuServer(config, log);
log.info({ host: config.host, grpcPort: server.grpcPort, metricsPort: server.metricsPort }, 'inference server is listening');
log.info({ signal: await stopped }, 'inference server is draining');
