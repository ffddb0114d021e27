// What is sent to a stranger: no secret, no number, no address, however it is written; and what helps to find a fault stays.
import { describe, expect, it } from 'vitest';
import { redactEnvironment, redactLog, redactText } from './redaction.ts';

describe('redaction', () => {
  it.each([
    'the caller +34 600 123 456 hung up',
    'dialled +34600123456',
    'INVITE sip:600123456@10.0.0.1',
    'From: "Ana" <tel:+34-600-123456>',
    'caller 600123456 is busy',
    'call me at 600 123 456 please',
    '(600) 123-4567',
  ])('takes the number out of: %s', (line) => {
    const redacted = redactText(line, []);
    expect(redacted).toContain('[number]');
    expect(redacted).not.toMatch(/600|123/);
  });

  it.each([
    'key cca_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-abcde',
    'Authorization: Bearer cck_live_0123456789abcdef',
    'postgres://app:hunter2hunter2@127.0.0.1:5433/centralita',
    'password=hunter2hunter2',
    '"token": "hunter2hunter2"',
    'whsec_aHVudGVyMmh1bnRlcjJodW50ZXIy',
    'eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl',
  ])('takes the secret out of: %s', (line) => {
    const redacted = redactText(line, []);
    expect(redacted).toContain('[secret]');
    expect(redacted).not.toMatch(/hunter2|AbCdEf|0123456789|aHVudGVy|eyJzdWI/);
  });

  it('takes known secrets out wherever they stand, and e-mail addresses', () => {
    expect(redactText('x9secret9x in the middle of ax9secret9xb', ['x9secret9x'])).toBe('[secret] in the middle of a[secret]b');
    expect(redactText('mail to maría.lópez@clínica.example failed', [])).toBe('mail to [e-mail] failed');
  });

  it('leaves times, addresses, ports, versions and durations as they are', () => {
    const line = '2026-11-21 22:36:13.734 UTC [18348] LOG: 127.0.0.1:5433 took 0.114 s, Asterisk 22.10.1, distance=64 kB';
    expect(redactText(line, [])).toBe(line);
  });

  it('keeps the fields of a log that are numbers, and hides those that are people’s', () => {
    const line = JSON.stringify({
      time: 1_795_299_837_592,
      callId: 'call_1',
      pii: { number: '600123456' },
      heard: ['hola'],
      msg: 'call over',
    });
    const [redacted = ''] = redactLog(line, []).split('\n');
    expect(JSON.parse(redacted)).toEqual({
      time: 1_795_299_837_592,
      callId: 'call_1',
      pii: '[personal]',
      heard: '[personal]',
      msg: 'call over',
    });
  });

  it('keeps our settings and hides what it does not know, and what is a secret by its name', () => {
    const text =
      '# a comment\nHTTP_PORT=8080\nMY_VENDOR_LOGIN=abc\nADMIN_WEBHOOK_SECRET=whsec_x\nSMTP_URL=smtps://me:pass@mail.example:465\n';
    expect(redactEnvironment(text, ['HTTP_PORT', 'ADMIN_WEBHOOK_SECRET', 'SMTP_URL'], [])).toBe(
      '# a comment\nHTTP_PORT=8080\nMY_VENDOR_LOGIN=[not a setting of ours]\nADMIN_WEBHOOK_SECRET=[secret]\nSMTP_URL=smtps://[secret]@mail.example:465\n',
    );
  });
});
