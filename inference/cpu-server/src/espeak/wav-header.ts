// The header that espeak-ng writes before streamed PCM. Its sizes are placeholders, so only format and rate are read.

/** espeak-ng always writes this many bytes before the first sample. */
export const WAV_HEADER_BYTES = 44;

/** Sample rate in Hz. @throws when the bytes are not a header of mono 16-bit PCM. */
export function wavSampleRateHz(header: Buffer): number {
  const isWav =
    header.length >= WAV_HEADER_BYTES && header.toString('latin1', 0, 4) === 'RIFF' && header.toString('latin1', 36, 40) === 'data';
  const isMonoPcm16 = isWav && header.readUInt16LE(20) === 1 && header.readUInt16LE(22) === 1 && header.readUInt16LE(34) === 16;
  if (!isMonoPcm16) throw new Error('espeak-ng did not answer with a WAV header of mono 16-bit PCM');
  return header.readUInt32LE(24);
}
