// Which languages a speech model knows. Told another one, sherpa-onnx ends its process for Whisper, and with it the utterances of everybody else; canary
// writes English.
import type { SpeechModelFiles } from './model-files.ts';

/** The 99 languages that every Whisper knows (openai/whisper, tokenizer.py). */
const WHISPER_CODES = new Set(
  (
    'en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg lt la mi ml cy sk te fa lv bn ' +
    'sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my ' +
    'bo tl mg as tt haw ln ha ba jw su'
  ).split(' '),
);
/** The four that sherpa-onnx tells canary (offline-recognizer-canary-impl.h), whatever its vocabulary has. */
const CANARY_CODES = new Set(['en', 'es', 'de', 'fr']);
/** Tags that say the same by another name; Cantonese has one of its own in large-v3 and turbo alone, and an export does not say which it is of. */
const ALIASES: Readonly<Record<string, string>> = { nb: 'no', fil: 'tl', iw: 'he', in: 'id', cmn: 'zh', jv: 'jw', va: 'ca', yue: 'zh' };

/** From the tag that a call carries (`es-MX`) to what the model is told (`es`); null for a language that it does not know. */
export type ModelLanguage = (tag: string) => string | null;

/** For a kind of model. A transducer hears all of its own languages and is told none. */
export function modelLanguages(kind: SpeechModelFiles['kind']): ModelLanguage {
  if (kind === 'transducer') return primary;
  const known = kind === 'whisper' ? WHISPER_CODES : CANARY_CODES;
  return (tag) => {
    const code = primary(tag);
    const told = kind === 'whisper' ? (ALIASES[code] ?? code) : code;
    return known.has(told) ? told : null;
  };
}

function primary(tag: string): string {
  return tag.trim().toLowerCase().split(/[-_]/)[0] ?? '';
}
