// After a change of the embedding model: gives every piece a vector of the new kind, agent by agent, while the earlier ones go on answering.
import type { TextEmbedding } from '#ports/text-embedding.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import { pause } from '#shared/waiting.ts';
import { embeddedText } from './embedded-text.ts';
import type { Embeddings } from './knowledge-search-store.ts';
import type { AgentPieces, ReindexStore } from './reindex-store.ts';

export type Reindexer = AsyncDisposable;

export type ReindexerParts = {
  readonly store: ReindexStore;
  readonly embeddings: Embeddings;
  readonly scope: ApplianceScope;
  readonly log: Log;
  /** Between looks for agents that are left, ms. Default 300,000: a model changes when the process starts, the rest is another process's doing. */
  readonly lookEveryMs?: number;
  /** From the change of kind to the removal of the earlier vectors, ms: searches that began before end meanwhile. Default 5,000. */
  readonly graceMs?: number;
};

const LOOK_EVERY_MS = 300_000;
const GRACE_MS = 5_000;
/** Pieces that get their vectors together: a second of a sentence model's work. */
const BATCH_PIECES = 32;
/** Agents of one look. */
const MAX_AGENTS = 100;

/** Starts looking. Two processes at the same work do it twice and end at the same. */
export function openReindexer({ lookEveryMs = LOOK_EVERY_MS, graceMs = GRACE_MS, ...parts }: ReindexerParts): Reindexer {
  const { store, embeddings, scope, log } = parts;
  const stopping = new AbortController();
  const { signal } = stopping;

  async function look(): Promise<void> {
    for (const agent of await store.listOutdated(scope, embeddings[0].kind, MAX_AGENTS)) await reindex(parts, agent, { graceMs, signal });
  }

  async function work(): Promise<void> {
    while (!signal.aborted) {
      await look().catch((error: unknown) => {
        if (!signal.aborted) log.warn({ error: loggableError(error) }, 'pieces cannot be indexed anew; the next look tries again');
      });
      await pause(lookEveryMs, signal);
    }
  }

  const working = work();
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('the process stops'));
      await working;
    },
  };
}

type Work = { readonly graceMs: number; readonly signal: AbortSignal };

async function reindex({ store, embeddings, log }: ReindexerParts, agent: AgentPieces, { graceMs, signal }: Work): Promise<void> {
  const [newest] = embeddings;
  const { agentId } = agent;
  const answering = await store.findAnswering(agent);
  const earlier = embeddings.find(({ kind }) => kind === answering && kind !== newest.kind);
  log.info({ agentId, from: answering, to: newest.kind }, 'pieces are indexed anew');
  for (let isComplete = false; !isComplete; isComplete = await store.switchTo(agent, newest.kind)) {
    let after: string | null = null;
    do {
      // What was uploaded meanwhile has vectors of the new kind alone: it gets those that answer first.
      if (earlier) await fill(store, agent, { embedding: earlier, after: null, signal });
      after = await fill(store, agent, { embedding: newest, after, signal });
    } while (after !== null);
  }
  if (answering !== newest.kind) await pause(graceMs, signal);
  signal.throwIfAborted();
  while (await store.removeOthers(agent, newest.kind)) signal.throwIfAborted();
  log.info({ agentId, from: answering, to: newest.kind }, 'pieces answer by the new kind');
}

type Filling = { readonly embedding: TextEmbedding; readonly after: string | null; readonly signal: AbortSignal };

/** Vectors for the next pieces without. Returns the last of them, or null when there was none left. */
async function fill(store: ReindexStore, agent: AgentPieces, { embedding, after, signal }: Filling): Promise<string | null> {
  signal.throwIfAborted();
  const pieces = await store.listBare(agent, embedding.kind, { after, limit: BATCH_PIECES });
  const last = pieces.at(-1);
  if (!last) return null;
  const texts = pieces.map(embeddedText);
  const vectors = await embedding.embed(texts, { purpose: 'passage', signal });
  await store.addVectors(agent, embedding.kind, { pieces, vectors });
  return last.chunkId;
}
