import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cseqOf, formatSip, headerOf, headersOf, parameterOf, parseSip, uriOf } from './sip-message.ts';

const ringing = [
  'SIP/2.0 180 Ringing',
  'v: SIP/2.0/UDP 127.0.0.1:5080;rport=5080;branch=z9hG4bKab12',
  'f: "A, B" <sip:alice@127.0.0.1>;tag=1',
  'To: <sip:100@127.0.0.1>;tag=as58f4',
  'Record-Route: <sip:a;lr>',
  'Record-Route: <sip:b;lr>',
  'CALL-ID: x@y',
  'CSeq: 7 INVITE',
  'Subject: folded',
  '  over two lines',
  'Content-Length: 2',
  '',
  'ok',
].join('\r\n');

it('reads a response with compact, repeated and folded header fields', () => {
  const message = parseSip(Buffer.from(ringing));
  if (message?.kind !== 'response') throw new Error('not a response');
  expect([message.status, message.reason, message.body]).toEqual([180, 'Ringing', 'ok']);
  expect(parameterOf(headerOf(message, 'via'), 'branch')).toBe('z9hG4bKab12');
  expect(uriOf(headerOf(message, 'from'))).toBe('sip:alice@127.0.0.1');
  expect(parameterOf(headerOf(message, 'to'), 'tag')).toBe('as58f4');
  expect(headersOf(message, 'Record-Route')).toHaveLength(2);
  expect(cseqOf(message)).toEqual({ number: 7, method: 'INVITE' });
  expect(headerOf(message, 'subject')).toBe('folded over two lines');
  expect(headerOf(message, 'call-id')).toBe('x@y');
});

it('reads back every request that it writes', () => {
  const token = fc.stringMatching(/^[A-Za-z][A-Za-z-]{0,10}$/);
  const value = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(token, value), { maxLength: 8 }), fc.string(), (headers, body) => {
      const request = { kind: 'request' as const, method: 'INVITE', uri: 'sip:100@host:5060', headers, body };
      const back = parseSip(formatSip(request));
      expect(back).toEqual({
        ...request,
        body: Buffer.from(body).toString(),
        headers: [...headers, ['Content-Length', String(Buffer.byteLength(body))]],
      });
    }),
  );
});

it('takes any bytes for no message instead of throwing', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      expect([null, 'request', 'response']).toContain(parseSip(bytes)?.kind ?? null);
    }),
  );
  for (const text of [
    '\r\n\r\n',
    'INVITE sip:a SIP/1.0\r\nA: b\r\n\r\n',
    'SIP/2.0 20 OK\r\n\r\n',
    'OPTIONS sip:a SIP/2.0\r\nno colon\r\n\r\n',
  ]) {
    expect(parseSip(Buffer.from(text))).toBeNull();
  }
});
