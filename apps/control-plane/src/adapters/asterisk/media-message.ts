// The control messages of Asterisk's media socket (chan_websocket with control_message_format = json).
import { z } from 'zod';

const message = z.discriminatedUnion('event', [
  z.object({ event: z.literal('MEDIA_START'), channel_id: z.string(), format: z.string(), optimal_frame_size: z.number() }),
  z.object({ event: z.literal('STATUS'), queue_length: z.number().int().nonnegative() }),
  z.object({ event: z.literal('MEDIA_XOFF') }),
  z.object({ event: z.literal('MEDIA_XON') }),
  z.object({ event: z.literal('QUEUE_DRAINED') }),
  z.object({ event: z.literal('MEDIA_MARK_PROCESSED'), correlation_id: z.string() }),
  // Keys arrive as ARI events too, in order with everything else of the leg: those are the ones used.
  z.object({ event: z.literal('DTMF_END') }),
  z.object({ event: z.literal('ERROR'), error_text: z.string() }),
]);

/** A control message from Asterisk. */
export type MediaMessage = z.infer<typeof message>;

/** A control message to Asterisk. */
export type MediaCommand =
  | { readonly command: 'GET_STATUS' | 'REPORT_QUEUE_DRAINED' | 'FLUSH_MEDIA' }
  | { readonly command: 'MARK_MEDIA'; readonly correlation_id: string };

/** Null for anything that is not one of the messages above. */
export function parseMediaMessage(text: string): MediaMessage | null {
  try {
    return message.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
