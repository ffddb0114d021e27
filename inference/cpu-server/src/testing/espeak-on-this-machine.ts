// espeak-ng for tests: the real one, or a clear word about what to install.
import { speak, type EspeakCommand, type EspeakRequest } from '#espeak/espeak-process.ts';
import { loadConfig } from '#server/config.ts';
import { readVoiceCatalog, type VoiceCatalog } from '#espeak/voice-catalog.ts';

/** The command that tests run: the same variables as the server's. */
export const espeakForTests: EspeakCommand = loadConfig(process.env).espeak;

/** Voices of this machine. @throws with the package to install. */
export async function catalogForTests(): Promise<VoiceCatalog> {
  try {
    return await readVoiceCatalog(espeakForTests);
  } catch (cause) {
    throw new Error('these tests speak with espeak-ng: apt-get install espeak-ng, or set ESPEAK_COMMAND', { cause });
  }
}

/** Speaks a text whole. */
export async function spokenForTests(request: EspeakRequest): Promise<{ samples: Int16Array; sampleRateHz: number }> {
  const all: number[] = [];
  let sampleRateHz = 0;
  for await (const chunk of speak(espeakForTests, request, new AbortController().signal)) {
    for (const sample of chunk.samples) all.push(sample);
    sampleRateHz = chunk.sampleRateHz;
  }
  return { samples: Int16Array.from(all), sampleRateHz };
}
