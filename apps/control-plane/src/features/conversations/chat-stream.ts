// A reply as server-sent events: the words as they come, then the whole, or the problem. A reader who goes away does not end the turn.
import { ProblemError, renderProblem } from '#http/problem.ts';

/** What a stream is made of. */
export type EventStreamParts<Reply> = {
  /** The data of the event `started`. */
  readonly first: object;
  readonly answer: (onTextDelta: (textDelta: string) => void) => Promise<Reply>;
  /** The data of the event `done`. */
  readonly toBody: (reply: Reply) => object;
  readonly requestId: string | null;
};

/** Whether a request asks for events rather than for one body. */
export function wantsEvents(accept: string | undefined): boolean {
  return /(^|,)\s*text\/event-stream\s*(;|,|$)/i.test(accept ?? '');
}

/** The events of one reply, as bytes. */
export function eventStream<Reply>({ first, answer, toBody, requestId }: EventStreamParts<Reply>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let isRead = true;
  return new ReadableStream<Uint8Array>({
    async start(controller) {
      const send = (event: string, text: string): void => {
        if (isRead) controller.enqueue(encoder.encode(`event: ${event}\ndata: ${text}\n\n`));
      };
      send('started', JSON.stringify(first));
      try {
        const reply = await answer((text) => send('delta', JSON.stringify({ text })));
        send('done', JSON.stringify(toBody(reply)));
      } catch (error) {
        const problem = error instanceof ProblemError ? error : fault(error);
        send('problem', renderProblem(problem, requestId ?? undefined).text);
      }
      if (isRead) controller.close();
    },
    cancel() {
      isRead = false;
    },
  });
}

/** Whoever made the reply has logged it. */
function fault(cause: unknown): ProblemError {
  return new ProblemError('internal_error', 'the fault has been logged under this requestId', { cause });
}
