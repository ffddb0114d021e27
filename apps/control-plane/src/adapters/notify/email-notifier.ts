// Alerts by e-mail, through the mail server that the administrator names.
import { createTransport } from 'nodemailer';
import type { AdminAlert, Notifier } from '#ports/notifier.ts';

/** A mail server that says nothing for this long is given up. */
const SILENCE_MS = 10_000;
const SEND_TIMEOUT_MS = 30_000;

/** Where the mail goes. */
export type EmailOptions = {
  /** Such as `smtps://user:password@mail.example.com`. */
  readonly url: string;
  readonly from: string;
  readonly to: readonly string[];
};

export function createEmailNotifier({ url, from, to }: EmailOptions): Notifier {
  const transport = createTransport(url, { from });
  Object.assign(transport.options, { connectionTimeout: SILENCE_MS, greetingTimeout: SILENCE_MS, socketTimeout: SILENCE_MS });
  return {
    channel: 'email',
    async send(alert, { signal }) {
      const mail = { to: [...to], subject: subjectOf(alert), text: textOf(alert), messageId: `<${alert.alertId}@${alert.server}>` };
      // The library takes no signal: whoever stops waiting leaves the sending to its own limits.
      await Promise.race([transport.sendMail(mail), rejected(AbortSignal.any([signal, AbortSignal.timeout(SEND_TIMEOUT_MS)]))]);
    },
  };
}

function subjectOf({ severity, summary }: AdminAlert): string {
  return `[Centralita] ${severity}: ${summary}`;
}

function textOf({ summary, type, at, server, alertId, details }: AdminAlert): string {
  const lines = Object.entries(details).map(([name, value]) => `${name}: ${String(value)}`);
  return [summary, '', `type: ${type}`, `at: ${at.toISOString()}`, `server: ${server}`, ...lines, '', `alert: ${alertId}`].join('\n');
}

function rejected(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }));
}
