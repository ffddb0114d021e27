/**
 * Alerts to an address of the administrator's, signed as Standard Webhooks says, so that the receiver can tell ours from anybody's. Unlike the
 * addresses of organizations' tools this one may be private: who runs the box may call his own network.
 */
import { Webhook } from 'standardwebhooks';
import type { Notifier } from '#ports/notifier.ts';

/** The receiver has this long; the specification asks for 15 to 30 s. */
const SEND_TIMEOUT_MS = 15_000;

/** `secret` begins with `whsec_`. A redirect counts as a failure: it would carry the alert to wherever it points. */
export function createWebhookNotifier({ url, secret }: { readonly url: string; readonly secret: string }): Notifier {
  const webhook = new Webhook(secret);
  return {
    channel: 'webhook',
    async send({ type, at, ...data }, { signal }) {
      const body = JSON.stringify({ type, timestamp: at.toISOString(), data });
      // Of the sending: receivers refuse what was signed more than 5 minutes ago.
      const sentAt = new Date();
      const response = await fetch(url, {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/json',
          'webhook-id': data.alertId,
          'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1_000)),
          'webhook-signature': webhook.sign(data.alertId, sentAt, body),
        },
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(SEND_TIMEOUT_MS)]),
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`the webhook's receiver answered ${response.status}`);
    },
  };
}
