import { expect, it } from 'vitest';
import { alaw, ulaw } from '@centralita/control-plane/audio/g711.ts';
import { formatSdp, parseSdp } from './sdp.ts';

it('reads what it writes, with the preferred law first', () => {
  const sdp = formatSdp({ host: '127.0.0.1', port: 31_000, codecs: [alaw, ulaw] });
  expect(parseSdp(sdp)).toEqual({ host: '127.0.0.1', port: 31_000, codec: alaw, dtmfPayload: 101 });
});

it("takes the address of the stream before that of the session, and the other side's number for DTMF events", () => {
  const sdp = 'v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 9 0 96\r\nc=IN IP4 10.0.0.2\r\na=rtpmap:96 telephone-event/8000\r\n';
  expect(parseSdp(sdp)).toEqual({ host: '10.0.0.2', port: 4_000, codec: ulaw, dtmfPayload: 96 });
});

it.each([
  '',
  'v=0\r\nm=video 4000 RTP/AVP 0\r\nc=IN IP4 1.2.3.4\r\n',
  'm=audio 4000 RTP/AVP 9\r\nc=IN IP4 1.2.3.4\r\n',
  'm=audio 4000 RTP/AVP 0\r\n',
])('finds no G.711 audio in %j', (sdp) => expect(parseSdp(sdp)).toBeNull());
