// GET /metrics and GET /health/ready, on a port of their own so that it can stay closed to the network of calls.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

/** A listening endpoint; dispose closes it. */
export interface MetricsEndpoint extends AsyncDisposable {
  readonly port: number;
}

/** What is told over HTTP. */
export interface MetricsSources {
  readonly registry: Registry;
  /** Models without which no call can be held and that do not answer now, each with its reason; none: ready. */
  readonly listUnready: () => readonly string[];
}

export async function openMetricsEndpoint(
  { registry, listUnready }: MetricsSources,
  address: { readonly host: string; readonly port: number },
): Promise<MetricsEndpoint> {
  const server = createServer((request, response) => {
    if (request.method === 'GET' && request.url === '/health/ready') {
      const unready = listUnready();
      response.writeHead(unready.length === 0 ? 200 : 503).end(unready.length === 0 ? 'ready\n' : `${unready.join('\n')}\n`);
      return;
    }
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end('only GET /metrics and GET /health/ready are here\n');
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
