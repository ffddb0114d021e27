// An engine process's end of the conversation with the server that started it.
import type { TranscriptionOutcome, TranscriptionRequest } from './transcription.ts';

/** What the server says: settings once, then questions. */
export type EngineCommand<Settings> =
  | { readonly kind: 'start'; readonly settings: Settings }
  | { readonly kind: 'question'; readonly id: number; readonly request: TranscriptionRequest };

/** What the process says: once that it is ready or cannot be, then one answer per question. */
export type EngineMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'not_ready'; readonly reason: string }
  | { readonly kind: 'answer'; readonly id: number; readonly outcome: TranscriptionOutcome };

/** Answers questions about speech. */
export type Transcribe = (request: TranscriptionRequest) => Promise<TranscriptionOutcome>;

/** Serves the parent process until it goes away. `create` loads what the engine needs. */
export function serveTranscriptions<Settings>(create: (settings: Settings) => Transcribe): void {
  if (process.send === undefined) throw new Error('this module is started by the inference server, not by hand');
  const say = (message: EngineMessage) => process.send?.(message);
  let transcribe: Transcribe | null = null;
  process.on('disconnect', () => process.exit());
  // The server stops its engines itself, after its last answer: a signal to the whole group must not come before that.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
  process.on('message', (command: EngineCommand<Settings>) => {
    if (command.kind === 'start') {
      try {
        transcribe = create(command.settings);
        say({ kind: 'ready' });
      } catch (cause) {
        say({ kind: 'not_ready', reason: reasonOf(cause) });
      }
      return;
    }
    const { id, request } = command;
    const answer = (outcome: TranscriptionOutcome) => say({ kind: 'answer', id, outcome });
    if (transcribe === null) return void answer({ kind: 'failed', reason: 'the engine was asked before it was started' });
    transcribe(request).then(answer, (cause: unknown) => answer({ kind: 'failed', reason: reasonOf(cause) }));
  });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
