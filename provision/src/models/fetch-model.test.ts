// Fetching from a real HTTP server that cuts, lies, hangs and moves things: what is here is right or is not there, and what was begun is gone on with.
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openDispatcher } from './download.ts';
import { fetchModel, verifyModel } from './fetch-model.ts';
import type { FetchTools } from './fetch-model.ts';
import { readManifest } from './manifest.ts';
import type { ManifestModel } from './manifest.ts';
import { findModelState, modelFolder, partPath, readPins } from './models-folder.ts';

const weights = randomBytes(300_000);
const tokens = Buffer.from('hola\n');
const sha = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const patience = { stallMs: 300, waitsMs: [1, 1, 1] };

type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;

let home: string;
let server: Server;
let requests: { url: string; range: string | undefined; authorization: string | undefined }[];
let handle: Handler;

/** Serves a file as a hub does: whole, or from where it is asked. */
const serve =
  (bytes: Buffer): Handler =>
  ({ headers }, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
    if (from >= bytes.byteLength && from > 0) return void response.writeHead(416, { 'content-range': `bytes */${bytes.byteLength}` }).end();
    const isPart = headers.range !== undefined;
    response.writeHead(isPart ? 206 : 200, {
      etag: '"v1"',
      'content-length': bytes.byteLength - from,
      ...(isPart ? { 'content-range': `bytes ${from}-${bytes.byteLength - 1}/${bytes.byteLength}` } : {}),
    });
    response.end(bytes.subarray(from));
  };
const both: Handler = (request, response, count) => serve(request.url?.endsWith('tokens.txt') ? tokens : weights)(request, response, count);
/** Promises the whole file, sends a part of it and hangs up. */
const cutAfter =
  (length: number): Handler =>
  (_, response) => {
    response.writeHead(200, { etag: '"v1"', 'content-length': weights.byteLength });
    response.write(weights.subarray(0, length), () => setTimeout(() => response.destroy(), 50));
  };

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'models-'));
  requests = [];
  handle = both;
  server = createServer((request, response) => {
    requests.push({ url: request.url ?? '', range: request.headers.range, authorization: request.headers.authorization });
    handle(request, response, requests.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(home, { recursive: true });
});

const address = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

function model(change: Partial<ManifestModel> = {}): ManifestModel {
  const one = {
    name: 'sample',
    role: 'speech_to_text',
    languages: ['es'],
    engine: 'sherpa-onnx',
    runsOn: 'cpu',
    licence: { name: 'MIT', allowsCommercialUse: true, source: 'here' },
    precisions: [{ name: 'int8', vramBytes: 0, source: 'here' }],
    url: `${address()}/someone/sample/resolve/main`,
    mirrorVariable: 'MODELS_MIRROR_URL',
    files: [
      { path: 'onnx/model.onnx', bytes: weights.byteLength, sha256: sha(weights) },
      { path: 'tokens.txt', bytes: tokens.byteLength, sha256: sha(tokens) },
    ],
    ...change,
  };
  const [checked] = readManifest(JSON.stringify({ version: 1, models: [one] })).models;
  if (!checked) throw new Error('no model');
  return checked;
}

async function fetchIt(one: ManifestModel, change: Partial<FetchTools> = {}) {
  const dispatcher = openDispatcher(patience);
  try {
    return await fetchModel(one, {
      home,
      dispatcher,
      patience,
      signal: AbortSignal.timeout(20_000),
      token: null,
      mirror: undefined,
      pin: false,
      log: () => undefined,
      onProgress: () => undefined,
      ...change,
    });
  } finally {
    await dispatcher.close();
  }
}

const put = async (path: string, content: Buffer): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
};
const here = async (path: string): Promise<Buffer> => await readFile(join(modelFolder(home, 'sample'), path));
const listing = async (): Promise<string[]> => (await readdir(modelFolder(home, 'sample'), { recursive: true })).toSorted();

describe('fetching a model', () => {
  it('brings every file, checks it, and fetches nothing the second time', async () => {
    expect(await fetchIt(model())).toEqual({ fetched: 2, kept: 0, pinned: 0 });
    expect(await here('onnx/model.onnx')).toEqual(weights);
    expect(await listing()).toEqual(['onnx', 'onnx/model.onnx', 'tokens.txt']);
    expect(await findModelState(home, model(), {})).toEqual({ kind: 'complete' });
    const before = requests.length;
    expect(await fetchIt(model())).toEqual({ fetched: 0, kept: 2, pinned: 0 });
    expect(requests).toHaveLength(before);
  });

  it('goes on where the connection was cut, as often as it takes while something comes', async () => {
    handle = (request, response, count) => {
      if (count === 1) cutAfter(100_000)(request, response, count);
      else both(request, response, count);
    };
    await fetchIt(model());
    expect(requests[1]?.range).toMatch(/^bytes=[1-9]\d*-$/);
    expect(await here('onnx/model.onnx')).toEqual(weights);
  });

  it('goes on with what an earlier run left', async () => {
    await put(partPath(home, 'sample', 'onnx/model.onnx'), weights.subarray(0, 200_000));
    expect(await findModelState(home, model(), {})).toMatchObject({ kind: 'partial', presentBytes: 200_000 });
    await fetchIt(model());
    expect(requests[0]?.range).toBe('bytes=200000-');
    expect(await here('onnx/model.onnx')).toEqual(weights);
  });

  it('takes the whole file from a server that cannot go on in the middle', async () => {
    await put(partPath(home, 'sample', 'onnx/model.onnx'), weights.subarray(0, 200_000));
    handle = (request, response, count) => {
      delete request.headers.range;
      both(request, response, count);
    };
    await fetchIt(model());
    expect(await here('onnx/model.onnx')).toEqual(weights);
  });

  it('begins anew when what it has is longer than the file, or the server answers with another piece', async () => {
    await put(partPath(home, 'sample', 'onnx/model.onnx'), randomBytes(400_000));
    await put(partPath(home, 'sample', 'tokens.txt'), tokens.subarray(0, 2));
    handle = (request, response, count) => {
      if (request.headers.range === 'bytes=2-') response.writeHead(206, { 'content-range': 'bytes 0-4/5' }).end(tokens);
      else both(request, response, count);
    };
    await fetchIt(model());
    expect(requests[0]?.range).toBeUndefined();
    expect(await here('tokens.txt')).toEqual(tokens);
  });

  it('begins anew after 416', async () => {
    await put(partPath(home, 'sample', 'onnx/model.onnx'), weights.subarray(0, 200_000));
    handle = (request, response, count) => {
      if (count === 1) response.writeHead(416).end();
      else both(request, response, count);
    };
    await fetchIt(model());
    expect(requests[1]?.range).toBeUndefined();
    expect(await here('onnx/model.onnx')).toEqual(weights);
  });

  it('follows where the file was moved to, and takes the token to the first host only', async () => {
    const other = createServer((request, response) => {
      requests.push({ url: 'elsewhere', range: undefined, authorization: request.headers.authorization });
      serve(weights)(request, response, 0);
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const elsewhere = `http://127.0.0.1:${(other.address() as AddressInfo).port}/x`;
    handle = (_, response) => response.writeHead(302, { location: elsewhere }).end();
    await fetchIt(model({ files: [{ path: 'm.onnx', bytes: weights.byteLength, sha256: sha(weights) }] }), { token: 'hf_secret' });
    expect(requests.map(({ authorization }) => authorization)).toEqual(['Bearer hf_secret', undefined]);
    await new Promise((resolve) => other.close(resolve));
  });

  it('asks a mirror for the same path', async () => {
    await fetchIt(model({ url: 'https://hub.invalid/someone/sample/resolve/main' }), { mirror: `${address()}/copies/` });
    expect(requests[0]?.url).toBe('/copies/someone/sample/resolve/main/onnx/model.onnx');
  });
});

describe('two runs at once', () => {
  it('are not: the second is refused, and what the first brings is whole', async () => {
    const runs = await Promise.allSettled([fetchIt(model()), fetchIt(model())]);
    const refused = runs.flatMap((run) => (run.status === 'rejected' ? [String(run.reason)] : []));
    expect(refused).toEqual([expect.stringContaining('another run is bringing sample')]);
    expect(await readFile(join(modelFolder(home, 'sample'), 'onnx/model.onnx'))).toEqual(weights);
  });
});

describe('what does not come right', () => {
  const good = randomBytes(1_000);

  it('sets wrong bytes aside and leaves the whole model as it was', async () => {
    for (const path of ['onnx/model.onnx', 'tokens.txt']) await put(join(modelFolder(home, 'sample'), path), good);
    const wrong = Buffer.from(weights);
    wrong[1_000] = (wrong[1_000] ?? 0) ^ 1;
    handle = (request, response, count) => (request.url?.endsWith('tokens.txt') ? both : serve(wrong))(request, response, count);
    await expect(fetchIt(model())).rejects.toMatchObject({ kind: 'failed', message: expect.stringContaining(sha(wrong)) as string });
    expect(await here('onnx/model.onnx')).toEqual(good);
    expect(await here('tokens.txt')).toEqual(good);
    expect(await here(`onnx/model.onnx.corrupt-${sha(wrong).slice(0, 8)}`)).toEqual(wrong);
    // A second try begins anew and brings the right one.
    handle = both;
    await fetchIt(model());
    expect(await here('onnx/model.onnx')).toEqual(weights);
  });

  it('puts no file in place before the last one is right', async () => {
    for (const path of ['onnx/model.onnx', 'tokens.txt']) await put(join(modelFolder(home, 'sample'), path), good);
    handle = (request, response, count) => {
      if (request.url?.endsWith('tokens.txt')) response.writeHead(404).end();
      else both(request, response, count);
    };
    await expect(fetchIt(model())).rejects.toMatchObject({ message: expect.stringContaining('404') as string });
    expect(await here('onnx/model.onnx')).toEqual(good);
    // What came is not fetched twice.
    handle = both;
    const before = requests.length;
    await fetchIt(model());
    expect(requests.slice(before).map(({ url }) => url)).toEqual(['/someone/sample/resolve/main/tokens.txt']);
  });

  it('takes more than was promised for wrong without reading it to its end', async () => {
    handle = serve(Buffer.concat([tokens, randomBytes(2_000_000)]));
    const small = model({ files: [{ path: 'tokens.txt', bytes: tokens.byteLength, sha256: sha(tokens) }] });
    await expect(fetchIt(small)).rejects.toMatchObject({ message: expect.stringContaining('wrong content') as string });
  });

  it('gives up on a server that says nothing, naming what to do', async () => {
    handle = () => undefined;
    await expect(fetchIt(model())).rejects.toMatchObject({ kind: 'failed', fix: expect.stringContaining('models import DIR') as string });
    expect(requests).toHaveLength(3);
  });

  it('goes on after a server that falls silent in the middle', async () => {
    handle = (request, response, count) => {
      if (count > 1) return both(request, response, count);
      response.writeHead(200, { 'content-length': weights.byteLength });
      response.write(weights.subarray(0, 50_000));
    };
    await fetchIt(model());
    expect(await here('onnx/model.onnx')).toEqual(weights);
  });

  it.each([
    [401, 'HF_TOKEN'],
    [404, 'MODELS_MIRROR_URL'],
  ])('says of HTTP %i what to do', async (status, fix) => {
    handle = (_, response) => response.writeHead(status).end();
    await expect(fetchIt(model())).rejects.toMatchObject({ kind: 'failed', fix: expect.stringContaining(fix) as string });
    expect(requests).toHaveLength(1);
  });

  it('goes through the proxy that the environment names, and says when it wants a password', async () => {
    const tunnels: string[] = [];
    let answer = 'HTTP/1.1 407 Proxy Authentication Required';
    const proxy = createServer((request, response) => {
      tunnels.push(request.url ?? '');
      if (answer.includes('407')) response.writeHead(407).end();
      else both(request, response, 1);
    });
    proxy.on('connect', (request, socket) => {
      tunnels.push(request.url ?? '');
      if (answer.includes('407')) return void socket.end(`${answer}\r\n\r\n`);
      const target = connect((server.address() as AddressInfo).port, '127.0.0.1');
      socket.write(`${answer}\r\n\r\n`);
      target.pipe(socket).pipe(target);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    vi.stubEnv('http_proxy', `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
    try {
      const behind = model({ url: 'http://hub.invalid/someone/sample/resolve/main' });
      await expect(fetchIt(behind)).rejects.toMatchObject({ fix: expect.stringContaining('HTTPS_PROXY') as string });
      answer = 'HTTP/1.1 200 OK';
      await fetchIt(behind);
      expect(await here('tokens.txt')).toEqual(tokens);
      expect(tunnels.join(' ')).toContain('hub.invalid');
    } finally {
      vi.unstubAllEnvs();
      proxy.closeAllConnections();
      proxy.close();
    }
  });

  it('tries again after 503 and 429', async () => {
    handle = (request, response, count) => {
      if (count <= 2) response.writeHead(count === 1 ? 503 : 429).end();
      else both(request, response, count);
    };
    expect(await fetchIt(model())).toMatchObject({ fetched: 2 });
  });

  it('says without a network that there is none, and how to do without', async () => {
    const offline = model({ url: 'https://hub.invalid/a/b/resolve/main' });
    await expect(fetchIt(offline)).rejects.toMatchObject({
      message: expect.stringMatching(/hub\.invalid: (the name is not known|cannot be reached)/) as string,
      fix: expect.stringContaining('models import DIR') as string,
    });
  });

  it('asks for room before it begins', async () => {
    const huge = model({ files: [{ path: 'm.onnx', bytes: 2 ** 52, sha256: sha(weights) }] });
    await expect(fetchIt(huge)).rejects.toMatchObject({ kind: 'obstacle', message: expect.stringContaining('GB needed') as string });
    expect(requests).toEqual([]);
  });
});

describe('files that nobody has pinned', () => {
  const unpinned = (): ManifestModel => model({ files: [{ path: 'tokens.txt', bytes: null, sha256: null }] });

  it('are refused', async () => {
    await expect(fetchIt(unpinned())).rejects.toMatchObject({ kind: 'obstacle', fix: expect.stringContaining('--pin') as string });
    expect(requests).toEqual([]);
  });

  it('are pinned as they come when that is wished, and checked from then on', async () => {
    expect(await fetchIt(unpinned(), { pin: true })).toEqual({ fetched: 1, kept: 0, pinned: 1 });
    expect(await readPins(home)).toEqual({ sample: { 'tokens.txt': { bytes: 5, sha256: sha(tokens) } } });
    await writeFile(join(modelFolder(home, 'sample'), 'tokens.txt'), 'halo\n');
    const verified = await verifyModel(unpinned(), { home, pin: false, signal: AbortSignal.timeout(5_000) });
    expect(verified.corrupt.map(({ path }) => path)).toEqual(['tokens.txt']);
    expect(await listing()).toEqual([expect.stringMatching(/^tokens\.txt\.corrupt-[0-9a-f]{8}$/)]);
    handle = serve(Buffer.from('halo\n'));
    await expect(fetchIt(unpinned())).rejects.toMatchObject({ message: expect.stringContaining('wrong content') as string });
  });

  it('are taken from the hub’s list where not even their names are known, with the checksums that it gives', async () => {
    const tree = [
      { type: 'directory', path: 'onnx', size: 0 },
      { type: 'file', path: 'onnx/model.onnx', size: 134, lfs: { oid: sha(weights), size: weights.byteLength } },
      { type: 'file', path: 'tokens.txt', size: tokens.byteLength },
      { type: 'file', path: 'README.md', size: 7 },
    ];
    handle = (request, response, count) => {
      if (request.url === '/api/models/someone/sample/tree/main?recursive=true') response.end(JSON.stringify(tree));
      else both(request, response, count);
    };
    const unlisted = model({ files: [] });
    expect(await fetchIt(unlisted, { pin: true })).toEqual({ fetched: 2, kept: 0, pinned: 2 });
    expect(await listing()).toEqual(['onnx', 'onnx/model.onnx', 'tokens.txt']);
    // From now on the files are known here: fetched again without asking anybody to be believed.
    await rm(join(modelFolder(home, 'sample'), 'tokens.txt'));
    expect(await fetchIt(unlisted)).toEqual({ fetched: 1, kept: 1, pinned: 0 });
  });
});
