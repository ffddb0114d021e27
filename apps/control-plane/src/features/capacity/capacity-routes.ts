// The admin's look at the server's capacity, and where a load test leaves its word on the estimate.
import { z } from '@hono/zod-openapi';
import { measuredServices } from '#db/schema/process-metadata.ts';
import { createRoutes } from '#http/app.ts';
import { json, jsonBody } from '#http/json-content.ts';
import type { Guards } from '#http/route.ts';
import { adminRoute } from '#http/route.ts';
import type { Clock } from '#shared/clock.ts';
import { capacityReport, errorPercent } from './capacity-report.ts';
import type { CapacityReportParts } from './capacity-report.ts';
import type { ProcessSampleStore } from './process-sample-store.ts';

export type CapacityRouteParts = {
  readonly capacity: CapacityReportParts;
  readonly processSamples: Pick<ProcessSampleStore, 'findLastTest' | 'recordTest'>;
  readonly guards: Guards;
  readonly clock: Clock;
};

const calls = z.int().min(0);
const figure = z.number().nullable();
const testFields = {
  estimatedCalls: z.number().min(0).max(10_000),
  measuredCalls: z.number().min(1).max(10_000),
  comment: z.string().trim().min(1).max(200).openapi({ description: 'What was loaded' }),
} as const;
const testSchema = z.object({ at: z.iso.datetime(), ...testFields, errorPercent: z.number() }).openapi('CapacityTest');
const newTestSchema = z.strictObject(testFields).openapi('NewCapacityTest');
const serviceSchema = z
  .object({
    service: z.enum(measuredServices),
    measuredAt: z.iso.datetime(),
    cpuCores: figure.openapi({ description: '1 is one core' }),
    memoryBytes: figure,
    eventLoopLagMs: figure,
    queueDepth: figure,
    vramUsedBytes: figure,
    vramTotalBytes: figure,
    busy: figure.openapi({ description: 'Requests that a model worked on at once, on average' }),
    slots: figure.openapi({ description: 'Requests that it can work on at once' }),
    latencies: z.int().openapi({ description: 'Observations of the last five minutes' }),
    latencyMeanMs: figure,
    latencyP95Ms: figure,
  })
  .openapi('MeasuredService');
const capacitySchema = z
  .object({
    server: z.string(),
    at: z.iso.datetime(),
    activeCalls: calls,
    maximumCalls: calls.openapi({ description: 'Calls that may be up: what is configured, or less where the estimate allows less' }),
    configuredCalls: calls,
    estimatedCalls: calls.nullable().openapi({ description: 'Null while too little was measured' }),
    furtherCalls: calls,
    binds: z.string().openapi({ description: '`configured`, the resource that is met first, or the reading that closed the admission' }),
    admission: z.object({
      open: z.boolean(),
      cause: z.enum(['turn_gap', 'inference_queue', 'file_descriptors']).nullable(),
      closedForMs: figure,
    }),
    waitingCallers: calls,
    longestWaitMs: z.number(),
    vram: z.object({ usedBytes: z.number(), totalBytes: z.number() }).nullable(),
    services: z.array(serviceSchema),
    costs: z.array(
      z.object({
        resource: z.string(),
        limit: z.number(),
        idle: z.number(),
        perCall: z.number(),
        perCallErrorPercent: z.number().openapi({ description: 'Standard error of the cost' }),
        calls: calls.openapi({ description: 'Calls at which this resource is met' }),
      }),
    ),
    lastTest: testSchema.nullable().openapi({ description: 'What the last load test said of the estimate' }),
  })
  .openapi('Capacity');

export function createCapacityRoutes({ capacity, processSamples, guards, clock }: CapacityRouteParts) {
  const tags = ['Capacity'];
  const read = adminRoute(guards, {
    method: 'get',
    path: '/admin/capacity',
    tags,
    summary: 'Active calls against the maximum, what limits them, how long each service takes, and what a further call would cost',
    responses: { 200: json('This server now', capacitySchema) },
  });
  const test = adminRoute(guards, {
    method: 'post',
    path: '/admin/capacity/tests',
    tags,
    summary: 'Leaves what a load test found, to be compared with the estimate',
    request: { body: jsonBody(newTestSchema) },
    responses: { 201: json('The test', testSchema) },
  });
  return createRoutes()
    .openapi(read, async (context) => {
      const lastTest = await processSamples.findLastTest(context.get('applianceScope'));
      return context.json(capacityReport(capacity, { at: clock.wallAt(), atMs: clock.nowMs(), lastTest }), 200);
    })
    .openapi(test, async (context) => {
      const by = { scope: context.get('applianceScope'), actor: context.get('actor') };
      const stored = await processSamples.recordTest(by, context.req.valid('json'));
      return context.json({ ...stored, at: stored.at.toISOString(), errorPercent: errorPercent(stored) }, 201);
    });
}
