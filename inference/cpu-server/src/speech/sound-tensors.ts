// Sound as the contract of text_to_speech wants it, whatever engine made it.
import type { Tensor } from 'triton-client-grpc-generated';

/** One chunk of mono PCM16. */
export function soundTensors(samples: Int16Array, sampleRateHz: number): readonly Tensor[] {
  return [
    { name: 'AUDIO', datatype: 'INT16', shape: [1, samples.length], values: samples },
    { name: 'SAMPLE_RATE', datatype: 'INT32', shape: [1, 1], values: Int32Array.of(sampleRateHz) },
  ];
}
