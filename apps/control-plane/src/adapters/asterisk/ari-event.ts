// The edge where events of Asterisk are parsed: the ARI client knows that an event has its parts, this that there is something in them.
import type { AriEvent } from 'asterisk-ari-client/generated/events.ts';
import { z } from 'zod';

/** A channel's id becomes part of requests, of names that we give, and of a recording's file name. Asterisk's own limit is 149 characters. */
const channelId = z.string().regex(/^[^\s/\\\p{Cc}]{1,149}$/u);
const channel = z.object({ id: channelId });

/** What is read of each event that is used; what is read nowhere may be anything. */
const shapes: { readonly [Type in AriEvent['type']]?: z.ZodType } = {
  StasisStart: z.object({
    args: z.array(z.string()),
    channel: z.object({
      id: channelId,
      caller: z.object({ number: z.string() }),
      dialplan: z.object({ exten: z.string() }),
      tenantid: z.string().optional(),
    }),
  }),
  StasisEnd: z.object({ channel: z.object({ id: channelId, channelvars: z.record(z.string(), z.unknown()).optional() }) }),
  ChannelDestroyed: z.object({ cause: z.int(), channel }),
  ChannelHangupRequest: z.object({ cause: z.int().optional(), soft: z.boolean().optional(), channel }),
  ChannelStateChange: z.object({ channel: z.object({ id: channelId, state: z.string() }) }),
  ChannelDtmfReceived: z.object({ digit: z.string().regex(/^[0-9A-D*#]$/), channel }),
  Dial: z.object({ dialstatus: z.string(), peer: channel }),
};

/**
 * The name of the first part of an event that is not what it must be, such as `channel.id`; null for a sound one, and for one that nobody here uses.
 * Every event names the application that it is for: another one's is none of ours.
 */
export function brokenPart(event: AriEvent, application: string): string | null {
  const shape = shapes[event.type];
  if (shape === undefined) return null;
  if (event.application !== application) return 'application';
  const { error } = shape.safeParse(event);
  return error === undefined ? null : (error.issues[0]?.path.join('.') ?? event.type);
}
