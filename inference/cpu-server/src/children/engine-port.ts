// An engine process's end of the conversation with the server that started it.

/** What the server says: settings once, then questions; a question may be taken back. */
export type EngineCommand =
  | { readonly kind: 'start'; readonly settings: unknown }
  | { readonly kind: 'question'; readonly id: number; readonly request: unknown }
  | { readonly kind: 'cancel'; readonly id: number };

/** Why a question has no answer, and whose it is to mend. */
export interface EngineFailure {
  readonly blame: 'caller' | 'engine';
  readonly reason: string;
}

/** What the process says: once that it is ready or cannot be, then the parts of each answer and its end. */
export type EngineMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'not_ready'; readonly reason: string }
  | { readonly kind: 'part'; readonly id: number; readonly part: unknown }
  | { readonly kind: 'end'; readonly id: number; readonly failure: EngineFailure | null };

/** Answers one question, in one part or in many. @throws EngineRefusal for what the caller can change. */
export type Answer<Request, Part> = (request: Request, signal: AbortSignal) => AsyncIterable<Part>;

/** A question that the caller has to put otherwise; the message says how. */
export class EngineRefusal extends Error {
  override readonly name = 'EngineRefusal';
}

/** Serves the parent process until it goes away. `create` loads what the engine needs. */
export function serveEngine<Settings, Request, Part>(create: (settings: Settings) => Answer<Request, Part>): void {
  if (process.send === undefined) throw new Error('this module is started by the inference server, not by hand');
  const say = (message: EngineMessage) => process.send?.(message);
  const cancels = new Map<number, AbortController>();
  let answer: Answer<Request, Part> | null = null;

  const start = (settings: unknown) => {
    try {
      answer = create(settings as Settings);
      say({ kind: 'ready' });
    } catch (cause) {
      say({ kind: 'not_ready', reason: reasonOf(cause) });
    }
  };
  const reply = async (id: number, request: unknown) => {
    const controller = new AbortController();
    cancels.set(id, controller);
    try {
      if (answer === null) throw new Error('the engine was asked before it was started');
      for await (const part of answer(request as Request, controller.signal)) say({ kind: 'part', id, part });
      say({ kind: 'end', id, failure: null });
    } catch (cause) {
      say({ kind: 'end', id, failure: { blame: cause instanceof EngineRefusal ? 'caller' : 'engine', reason: reasonOf(cause) } });
    } finally {
      cancels.delete(id);
    }
  };

  process.on('disconnect', () => process.exit());
  // The server stops its engines itself, after its last answer: a signal to the whole group must not come before that.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
  process.on('message', (command: EngineCommand) => {
    if (command.kind === 'start') start(command.settings);
    else if (command.kind === 'cancel') cancels.get(command.id)?.abort();
    else void reply(command.id, command.request);
  });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
