// The screen and the status say what the inference server is told, whatever told it.
import { describe, expect, it } from 'vitest';
import { describeConfigured } from './configured-engines.ts';

const file = 'CPU_SERVER_ENGINES_FILE=/srv/home/models/engines.json\n';

describe('what the inference server is told', () => {
  it('are the models of its file of engines', () => {
    const enginesText = JSON.stringify({
      speech_to_text: { engine: 'sherpa-onnx', folder: 'parakeet', threads: 3 },
      text_to_speech: { engine: 'sherpa-onnx', folder: 'piper-es' },
      language_model: { engine: 'llama.cpp', folder: 'qwen', slots: 2 },
    });
    expect(describeConfigured({ environmentText: file, enginesText })).toEqual({
      voice: 'sherpa-onnx, piper-es',
      recognition: 'sherpa-onnx, parakeet',
      languageModel: 'llama.cpp, qwen',
    });
  });

  it('are espeak-ng and phrases without it, with what to do for people, and a language model where one is named', () => {
    const none = describeConfigured({ environmentText: '', enginesText: '' });
    expect(none).toMatchObject({ voice: 'espeak-ng', languageModel: 'none: agents follow their flows' });
    expect(none.recognition).toMatch(/^phrases: for demo and test voices only\. For people: \.\/provision\.sh models fetch/);
    const environmentText = 'SPEECH_TO_TEXT_MODEL_DIR=/models/whisper\nLANGUAGE_MODEL_URL=10.0.0.5:8001\n';
    expect(describeConfigured({ environmentText, enginesText: '' })).toMatchObject({
      recognition: 'sherpa-onnx, with the model of SPEECH_TO_TEXT_MODEL_DIR',
      languageModel: 'at 10.0.0.5:8001',
    });
  });

  it('is unknown from a file that does not say, with the file and what writes it anew', () => {
    const { voice } = describeConfigured({ environmentText: file, enginesText: '{"text_to_speech"' });
    expect(voice).toBe('unknown: /srv/home/models/engines.json does not say; ./provision.sh engines writes it anew');
  });
});
