// Our ports' contracts on the whole way: the control plane's adapters, gRPC, and the CPU server with its own engines.
import { pino } from 'pino';
import { openTriton } from '@centralita/control-plane/adapters/triton/triton.ts';
import { describeSpeechToText } from '@centralita/control-plane/ports/testing/speech-to-text.contract.ts';
import { describeTextToSpeech } from '@centralita/control-plane/ports/testing/text-to-speech.contract.ts';
import { openCpuServer } from '@centralita/cpu-server/cpu-server.ts';
import { loadConfig } from '@centralita/cpu-server/server/config.ts';
import { synthesize } from '@centralita/sip-caller/speech.ts';

const PHRASE = 'quiero pedir una cita';

/** A server of its own for each test: one of them takes it away. */
async function openModels() {
  const config = loadConfig({ ...process.env, CPU_SERVER_PORT: '0', CPU_SERVER_METRICS_PORT: '0' });
  const server = await openCpuServer({ ...config, speechToTextModelDir: null }, pino({ level: 'silent' }));
  const to = { url: `127.0.0.1:${server.grpcPort}`, deadlineMs: 10_000 };
  const triton = openTriton({ speechToText: to, textToSpeech: to, languageModel: null });
  return {
    ...triton.models,
    breakModel: async () => await server[Symbol.asyncDispose](),
    [Symbol.asyncDispose]: async () => {
      await triton[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

describeSpeechToText('cpu-server', async () => {
  const pcm = await synthesize({ text: PHRASE, voice: 'es', hz: 16_000 });
  const hints = [PHRASE, 'quiero cancelar mi cita', 'hablar con una persona'];
  return { ...(await openModels()), spoken: { utterance: { pcm, language: 'es', hints }, word: 'cita' } };
});

describeTextToSpeech('cpu-server', openModels);
