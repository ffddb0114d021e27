// Which kind of speech model lies in the operator's folder, told by its files; what is missing is named.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A complete model on disk; every member is a path. */
export type SpeechModelFiles =
  | { readonly kind: 'whisper' | 'canary'; readonly encoder: string; readonly decoder: string; readonly tokens: string }
  | { readonly kind: 'transducer'; readonly encoder: string; readonly decoder: string; readonly joiner: string; readonly tokens: string };

const layouts = `Expected in it one of:
  Whisper: <name>-encoder.onnx, <name>-decoder.onnx, <name>-tokens.txt
  NeMo transducer (parakeet): encoder.onnx, decoder.onnx, joiner.onnx, tokens.txt
  NeMo canary: encoder.onnx, decoder.onnx, tokens.txt
(.int8.onnx is taken before .onnx)`;

/** Finds the model in a folder. @throws with the folder, the missing files and the known layouts. */
export function findSpeechModel(folder: string): SpeechModelFiles {
  const names = listed(folder);
  const pick = (part: string, endings: readonly string[]): string | undefined => {
    for (const ending of endings) {
      const found = names.find((name) => name === `${part}${ending}` || name.endsWith(`-${part}${ending}`));
      if (found !== undefined) return join(folder, found);
    }
    return undefined;
  };
  const weights = ['.int8.onnx', '.onnx'];
  const [encoder, decoder, joiner] = [pick('encoder', weights), pick('decoder', weights), pick('joiner', weights)];
  const tokens = pick('tokens', ['.txt']);
  if (encoder === undefined || decoder === undefined || tokens === undefined) {
    const missing = Object.entries({ 'encoder.onnx': encoder, 'decoder.onnx': decoder, 'tokens.txt': tokens }).filter(
      ([, path]) => path === undefined,
    );
    throw new Error(`SPEECH_TO_TEXT_MODEL_DIR ${folder} lacks ${missing.map(([name]) => name).join(', ')}. ${layouts}`);
  }
  if (joiner !== undefined) return { kind: 'transducer', encoder, decoder, joiner, tokens };
  return { kind: isCanaryVocabulary(tokens) ? 'canary' : 'whisper', encoder, decoder, tokens };
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (cause) {
    throw new Error(`SPEECH_TO_TEXT_MODEL_DIR ${folder} cannot be read. ${layouts}`, { cause });
  }
}

/** Whisper's vocabulary is written in base64; canary's has its control words in plain text. */
function isCanaryVocabulary(tokens: string): boolean {
  return readFileSync(tokens, 'utf8').includes('<|');
}
