// Traces for an OpenTelemetry collector: one for each call, sent when it is over, and the turns of chats in those of whoever asked. Loaded only where an
// operator names a collector.
import { ROOT_CONTEXT, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import type { Context, Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BatchSpanProcessor, RandomIdGenerator, TracerProvider } from '@opentelemetry/sdk-trace';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { CallEvent } from '#ports/call-event.ts';
import type { Traces } from '#ports/traces.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import { RELEASE } from '#shared/release.ts';
import { openCallSpans } from './call-spans.ts';
import type { SpanNode } from './span-node.ts';
import { isSampled, traceNamesOf } from './trace-names.ts';
import { openWrittenTurns } from './written-turns.ts';
import type { NamedSpan } from './written-turns.ts';

export type CallTracesOptions = {
  /** Base address of an OTLP/HTTP receiver, such as `http://127.0.0.1:4318`. */
  readonly endpoint: string;
  /** Share of the calls without an error that are sent; those with one all are. */
  readonly ratio: number;
  readonly serverId: string;
  readonly log: Log;
};

/** Disposing it sends what waits. */
export type CallTraces = AsyncDisposable & Traces & { observe(event: CallEvent): void };

/** Spans that wait for a collector that is slow or away: some 100 long calls. When full, spans are left out. */
const MAX_WAITING = 20_000;
const EXPORT_MS = 5_000;
/** A process that stops waits no longer for its collector. */
const CLOSE_MS = 2_000;

/** Starts to make traces. */
export function openCallTraces(options: CallTracesOptions): CallTraces {
  const { endpoint, ratio, serverId, log } = options;
  const random = new RandomIdGenerator();
  const names: { next: { traceId: string; spanId: string } | null } = { next: null };
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces`, timeoutMillis: EXPORT_MS });
  const processor = new BatchSpanProcessor({
    exporter: loggingExporter(exporter, log),
    maxQueueSize: MAX_WAITING,
    exportTimeoutMillis: EXPORT_MS,
  });
  const provider = new TracerProvider({
    // Which calls are sent is known at their end; what comes as far as the provider is sent.
    sampler: new AlwaysOnSampler(),
    resource: resourceFromAttributes({ 'service.name': 'centralita', 'service.version': RELEASE, 'service.instance.id': serverId }),
    idGenerator: {
      generateTraceId: () => names.next?.traceId ?? random.generateTraceId(),
      generateSpanId: () => names.next?.spanId ?? random.generateSpanId(),
    },
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer('centralita', RELEASE);
  const spans = openCallSpans();

  function send({ traceId, spanId, parentSpanId, node }: NamedSpan): void {
    const parent =
      parentSpanId === null
        ? ROOT_CONTEXT
        : trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: parentSpanId, traceFlags: TraceFlags.SAMPLED, isRemote: true });
    names.next = { traceId, spanId };
    const span = tracer.startSpan(node.name, { root: parentSpanId === null, startTime: node.fromMs }, parent);
    names.next = null;
    fill({ tracer, span, context: trace.setSpan(ROOT_CONTEXT, span) }, node);
  }

  return {
    ...openWrittenTurns({ ratio, send }),
    observe(event) {
      const ended = spans(event);
      if (ended === null) return;
      const { traceId, rootSpanId: spanId } = traceNamesOf(ended.callId);
      if (ended.hasError || isSampled({ traceId }, ratio)) send({ traceId, spanId, parentSpanId: null, node: ended.root });
    },
    async [Symbol.asyncDispose]() {
      // A batch that could not be sent has been told.
      const limit = new Promise<void>((resolve) => void setTimeout(resolve, CLOSE_MS).unref());
      await Promise.race([provider.shutdown().catch(() => undefined), limit]);
    },
  };
}

type Filling = { readonly tracer: Tracer; readonly span: ReturnType<Tracer['startSpan']>; readonly context: Context };

function fill({ tracer, span, context }: Filling, node: SpanNode): void {
  span.setAttributes({ ...node.fields });
  for (const { name, atMs, fields } of node.moments) span.addEvent(name, { ...fields }, atMs);
  if (node.error !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: node.error });
  for (const child of node.children) {
    const inner = tracer.startSpan(child.name, { startTime: child.fromMs }, context);
    fill({ tracer, span: inner, context: trace.setSpan(context, inner) }, child);
  }
  span.end(node.toMs);
}

/** The SDK is silent about batches that it could not send. */
function loggingExporter(exporter: SpanExporter, log: Log): SpanExporter {
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.error)
          log.warn({ spans: spans.length, error: loggableError(result.error) }, 'traces could not be sent to the collector');
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
    ...(exporter.forceFlush && { forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve() }),
  };
}
