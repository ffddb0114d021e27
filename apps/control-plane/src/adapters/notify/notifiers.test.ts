import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it } from 'vitest';
import type { AdminAlert } from '#ports/notifier.ts';
import type { Log } from '#shared/log.ts';
import { createEmailNotifier } from './email-notifier.ts';
import { createLogNotifier } from './log-notifier.ts';
import { createWebhookNotifier } from './webhook-notifier.ts';

const alert: AdminAlert = {
  alertId: 'alert_1',
  type: 'global_stop.begun',
  severity: 'critical',
  at: new Date('2026-03-01T10:00:00.000Z'),
  server: 'box-1',
  summary: 'New calls are stopped (5 of the last 6 calls failed: speech_to_text).',
  details: { cause: 'failures', revision: 4 },
};
const { signal } = new AbortController();
const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

type Received = { readonly headers: IncomingHttpHeaders; readonly body: string };

/** A receiver on loopback that answers with this status. */
async function openReceiver(status: number, headers: Record<string, string> = {}) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => (body += part));
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      response.writeHead(status, headers).end('noted');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/alerts`, received };
}

describe('the webhook', () => {
  const key = Buffer.alloc(24, 7);
  const secret = `whsec_${key.toString('base64')}`;

  it("is signed so that the specification's own library believes it, and by nobody else's secret", async () => {
    const { url, received } = await openReceiver(204);
    await createWebhookNotifier({ url, secret }).send(alert, { signal });
    const [{ headers, body } = { headers: {}, body: '' }] = received;
    const signed = headers as Record<string, string>;
    const { at, type, ...data } = alert;
    expect(new Webhook(secret).verify(body, signed)).toEqual({ type, timestamp: at.toISOString(), data });
    const forged = new Webhook(`whsec_${Buffer.alloc(24, 8).toString('base64')}`);
    expect(() => forged.verify(body, signed)).toThrow('No matching signature');
    expect(() => new Webhook(secret).verify(body.replace('critical', 'info'), signed)).toThrow('No matching signature');
  });

  it('signs id, time and body with HMAC-SHA256, as the specification writes it', async () => {
    const { url, received } = await openReceiver(200);
    await createWebhookNotifier({ url, secret }).send(alert, { signal });
    const [{ headers, body } = { headers: {}, body: '' }] = received;
    const text = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
    expect(headers['webhook-id']).toBe(alert.alertId);
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(text).digest('base64')}`);
  });

  it.each([[500, {}] as const, [410, {}] as const, [302, { location: 'http://127.0.0.1:1/' }] as const])(
    'did not arrive when the receiver answers %i',
    async (status, headers) => {
      const { url } = await openReceiver(status, headers);
      await expect(createWebhookNotifier({ url, secret }).send(alert, { signal })).rejects.toThrow(`answered ${status}`);
    },
  );
});

describe('the e-mail', () => {
  async function openMailServer(accepts: boolean) {
    const mails: { from: string; to: string[]; text: string }[] = [];
    const server = new SMTPServer({
      disabledCommands: ['AUTH', 'STARTTLS'],
      onData(stream, session, done) {
        let text = '';
        stream.setEncoding('utf8').on('data', (part: string) => (text += part));
        stream.on('end', () => {
          const { mailFrom, rcptTo } = session.envelope;
          mails.push({ from: mailFrom === false ? '' : mailFrom.address, to: rcptTo.map(({ address }) => address), text });
          done(accepts ? null : new Error('mailbox full'));
        });
      },
    });
    server.listen(0, '127.0.0.1');
    await once(server.server, 'listening');
    opened.push(() => new Promise((resolve) => server.close(() => resolve())));
    return { url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`, mails };
  }

  it('reaches everybody who is named, with the sentence in its subject and the details in its text', async () => {
    const { url, mails } = await openMailServer(true);
    const email = createEmailNotifier({ url, from: 'box@example.com', to: ['a@example.com', 'b@example.com'] });
    await email.send(alert, { signal });
    expect(mails).toMatchObject([{ from: 'box@example.com', to: ['a@example.com', 'b@example.com'] }]);
    // A long subject is folded.
    const text = mails[0]?.text.replaceAll(/\r\n[ \t]/g, ' ') ?? '';
    expect(text).toContain(`Subject: [Centralita] critical: ${alert.summary}`);
    expect(text).toContain('cause: failures');
    expect(text).toContain('Message-ID: <alert_1@box-1>');
  });

  it('did not arrive when the mail server refuses it, or is not there', async () => {
    const { url } = await openMailServer(false);
    const options = { from: 'box@example.com', to: ['a@example.com'] };
    await expect(createEmailNotifier({ url, ...options }).send(alert, { signal })).rejects.toThrow('mailbox full');
    await expect(createEmailNotifier({ url: 'smtp://127.0.0.1:1', ...options }).send(alert, { signal })).rejects.toThrow('ECONNREFUSED');
  });
});

it('the log has every alert, a critical one as an error', async () => {
  const lines: unknown[] = [];
  const log: Log = {
    debug() {},
    info() {},
    warn: (fields) => void lines.push(['warn', fields]),
    error: (fields) => void lines.push(['error', fields]),
    child: () => log,
  };
  const notifier = createLogNotifier(log);
  await notifier.send(alert, { signal });
  await notifier.send({ ...alert, severity: 'info' }, { signal });
  expect(lines).toMatchObject([
    ['error', { alert: { alertId: 'alert_1', at: '2026-03-01T10:00:00.000Z' } }],
    ['warn', { alert: { severity: 'info' } }],
  ]);
});
