// What every inference server of ours must do, whatever runs in it: the contracts of its roles, and the protocol around them.
import { status } from '@grpc/grpc-js';
import { contractViolation, readContract } from '@centralita/cpu-server/server/contract.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTritonClient, type TritonClient } from 'triton-client-grpc-generated';
import type { ModelStreamInferResponse } from 'triton-client-grpc-generated/generated/kserve-v2.ts';
import { fromWireReply } from 'triton-client-grpc-generated/infer-message.ts';
import { brokenRequests } from './broken-requests.ts';
import type { RoleUnderTest, ServerUnderTest } from './server-under-test.ts';
import { openStream, openStub, outcomeOf, typedRequest, unaryOutcome, wireRequest, type Outcome, type Stub } from './wire-calls.ts';

/** Beyond what gRPC takes by itself, and within what our client does. */
const LARGE_BYTES = 10 * 1024 * 1024;

type Wires = { readonly stub: () => Stub; readonly client: () => TritonClient };

/** Runs the suite against the server that `open` opens, with these roles. */
export function describeInferenceServer(name: string, roles: readonly RoleUnderTest[], open: () => Promise<ServerUnderTest>): void {
  describe(`${name}`, () => {
    let server: ServerUnderTest;
    let stub: Stub;
    let client: TritonClient;
    beforeAll(async () => {
      server = await open();
      stub = openStub(server.url);
      client = openTritonClient({ url: server.url });
    }, 60_000);
    afterAll(async () => {
      stub.close();
      await client[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    });
    const wires: Wires = { stub: () => stub, client: () => client };
    describeServer(roles, wires);
    for (const role of roles) {
      describe(`${role.role}`, () => {
        describeAnswers(role, wires);
        describeRefusals(role, wires);
        if (readContract(role.role).call === 'ModelStreamInfer') describeStreams(role, wires);
      });
    }
  });
}

function describeServer(roles: readonly RoleUnderTest[], { client, stub }: Wires): void {
  it('is live and ready, and so is each of its models', async () => {
    expect([await client().serverLive(), await client().serverReady()]).toEqual([true, true]);
    for (const { role } of roles) expect(await client().modelReady(role)).toBe(true);
  });

  it('lists its models, each ready', async () => {
    const index = await client().repositoryIndex();
    for (const { role } of roles) expect(index.find((model) => model.name === role)).toMatchObject({ state: 'READY' });
  });

  it('says that it has no model of another name', async () => {
    expect(await failureOf(client().modelReady('no_such_model'))).toBe('NOT_FOUND');
    expect(await failureOf(client().modelMetadata('no_such_model'))).toBe('NOT_FOUND');
    const contract = { ...readContract('speech_to_text'), role: 'no_such_model' };
    expect((await unaryOutcome(stub(), wireRequest(contract, []))).code).toBe(status.NOT_FOUND);
  });
}

function describeAnswers({ role, inputs }: RoleUnderTest, { client, stub }: Wires): void {
  const contract = readContract(role);

  it('describes itself by its contract', async () => {
    const metadata = await client().modelMetadata(role);
    expect(metadata.name).toBe(role);
    for (const side of ['inputs', 'outputs'] as const) {
      expect(metadata[side].map(({ name, datatype }) => [name, datatype])).toEqual(
        contract[side].map(({ name, datatype }) => [name, datatype]),
      );
      // Triton leaves the size of a batch open, which is the first: -1 where the contract says 1.
      metadata[side].forEach(({ shape }, at) =>
        expect([contract[side][at]?.shape, withOpenBatch(contract[side][at]?.shape)]).toContainEqual(shape),
      );
    }
  });

  it('answers with tensors of its contract, the id of the request and its own name', async () => {
    const outcome = await outcomeOf(stub(), contract, wireRequest(contract, inputs, 'request 7'));
    expect(outcome).toMatchObject({ code: status.OK });
    expectAnswer(outcome);
    for (const reply of outcome.replies) expect([reply.id, reply.modelName]).toEqual(['request 7', role]);
  });

  it('reads typed contents as it reads raw ones', async () => {
    const outcome = await outcomeOf(stub(), contract, typedRequest(contract, inputs));
    expect(outcome).toMatchObject({ code: status.OK });
    expectAnswer(outcome);
  });

  it('counts what it answered', async () => {
    const [statistics] = await client().modelStatistics(role);
    expect(statistics?.inferenceStats?.success?.count).toBeGreaterThan(0);
  });

  function expectAnswer({ replies }: Outcome): void {
    const answers = replies.map((reply) => fromWireReply(reply).outputs).filter((outputs) => outputs.length > 0);
    expect(answers.length).toBeGreaterThan(0);
    for (const outputs of answers) expect(contractViolation(contract.outputs, outputs)).toBeNull();
  }
}

function describeRefusals({ role, inputs }: RoleUnderTest, { stub }: Wires): void {
  const contract = readContract(role);

  it.each(brokenRequests(contract, inputs))('refuses $what, and says so', async ({ inputs: broken, mustSay }) => {
    const { code, details } = await outcomeOf(stub(), contract, wireRequest(contract, broken));
    expect([status[code], details]).toEqual(['INVALID_ARGUMENT', expect.any(String)]);
    for (const word of mustSay) expect(details).toMatch(word);
  });

  it('refuses raw and typed contents in one request, and raw contents that do not fit their shapes', async () => {
    const raw = wireRequest(contract, inputs);
    const both = { ...typedRequest(contract, inputs), rawInputContents: raw.rawInputContents };
    const few = { ...raw, rawInputContents: raw.rawInputContents.slice(1) };
    const short = { ...raw, rawInputContents: raw.rawInputContents.map((bytes) => bytes.subarray(0, bytes.length - 1)) };
    for (const request of [both, few, short]) {
      expect(status[(await outcomeOf(stub(), contract, request)).code]).toBe('INVALID_ARGUMENT');
    }
  });

  it('has version 1 and no other', async () => {
    const request = wireRequest(contract, inputs);
    expect((await outcomeOf(stub(), contract, { ...request, modelVersion: '1' })).code).toBe(status.OK);
    expect(status[(await outcomeOf(stub(), contract, { ...request, modelVersion: '7' })).code]).toBe('NOT_FOUND');
  });

  const [first] = contract.inputs;
  const isLimited = first?.limits.maxElements !== undefined || first?.limits.maxCharacters !== undefined;
  it.runIf(isLimited)('reads a message of 10 MiB and refuses it for what is in it, not for its length', async () => {
    const request = wireRequest(contract, inputs);
    const large = first?.datatype === 'BYTES' ? oneText(LARGE_BYTES) : Buffer.alloc(LARGE_BYTES);
    const { code, details } = await outcomeOf(stub(), contract, {
      ...request,
      rawInputContents: [large, ...request.rawInputContents.slice(1)],
    });
    expect(status[code]).toBe('INVALID_ARGUMENT');
    expect(details).toContain(first?.name);
  });
}

/** One element of a BYTES tensor, as it is on the wire. */
function oneText(length: number): Buffer {
  const bytes = Buffer.alloc(4 + length, 'a');
  bytes.writeUInt32LE(length);
  return bytes;
}

function describeStreams({ role, inputs, long }: RoleUnderTest, { stub, client }: Wires): void {
  const contract = readContract(role);
  const bad = inputs.slice(1);

  it('refuses a unary request, because it answers in many parts', async () => {
    expect(status[(await unaryOutcome(stub(), wireRequest(contract, inputs))).code]).toBe('UNIMPLEMENTED');
  });

  it('tells requests on one stream apart by id, ends each with a final part, and goes on after one that failed', async () => {
    const parts = await partsOf([wireRequest(contract, bad, 'bad'), wireRequest(contract, inputs, 'good')]);
    const of = (id: string) => parts.filter(({ inferResponse }) => inferResponse?.id === id);
    const isFinal = (part: ModelStreamInferResponse | undefined) =>
      part?.inferResponse?.parameters['triton_final_response']?.boolParam === true;
    expect(of('bad').map(({ errorMessage }) => errorMessage)).toEqual([expect.stringContaining(contract.inputs[0]?.name ?? '')]);
    expect(isFinal(of('bad')[0])).toBe(true);
    expect(
      of('good')
        .map(({ errorMessage }) => errorMessage)
        .join(''),
    ).toBe('');
    expect(of('good').filter(isFinal)).toEqual(of('good').slice(-1));
  });

  it('ends a stream that asks for it with the code of the first error', async () => {
    const { code, replies } = await outcomeOf(stub(), contract, wireRequest(contract, bad));
    expect([status[code], replies.filter(({ outputs }) => outputs.length > 0)]).toEqual(['INVALID_ARGUMENT', []]);
  });

  it.runIf(long !== null)('stops when its caller leaves, and serves the next one', async () => {
    for (let round = 0; round < 3; round += 1) {
      for await (const reply of client().streamInfer({ model: role, inputs: long ?? [] }, { deadlineMs: 10_000 })) {
        expect(reply.outputs.length).toBeGreaterThan(0);
        break;
      }
    }
    expect((await outcomeOf(stub(), contract, wireRequest(contract, inputs))).code).toBe(status.OK);
  });

  /** All that comes back on one stream, sent one after another, until both sides are done. */
  async function partsOf(requests: readonly ReturnType<typeof wireRequest>[]): Promise<readonly ModelStreamInferResponse[]> {
    const call = openStream(stub(), { endsOnError: false });
    const parts: ModelStreamInferResponse[] = [];
    const ended = new Promise<void>((resolve, reject) => {
      call.on('end', () => resolve());
      call.on('error', reject);
    });
    call.on('data', (part: ModelStreamInferResponse) => parts.push(part));
    for (const request of requests) call.write(request);
    call.end();
    await ended;
    return parts;
  }
}

function withOpenBatch(shape: readonly number[] = []): readonly number[] {
  return [-1, ...shape.slice(1)];
}

async function failureOf(work: Promise<unknown>): Promise<string> {
  const cause: unknown = await work.then(
    () => null,
    (error: unknown) => error,
  );
  return typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : 'no error';
}
