// What the command line's caller does in its call: texts, files and keys at given times after the answer.
import { parseArgs } from 'node:util';
import { resample } from '@centralita/control-plane/audio/resample.ts';
import { synthesize } from '#e2e/speech.ts';
import { readWav } from '#e2e/wav.ts';

/** One thing to do, `atMs` after the answer. */
export type Act =
  | { readonly kind: 'text'; readonly atMs: number; readonly voice: string; readonly text: string }
  | { readonly kind: 'file'; readonly atMs: number; readonly path: string }
  | { readonly kind: 'key'; readonly atMs: number; readonly digit: string };

/** A whole call as told on the command line. */
export type Script = {
  readonly server: { readonly host: string; readonly port: number };
  readonly number: string;
  readonly username: string | null;
  readonly codec: 'PCMU' | 'PCMA';
  /** The call is hung up so long after its answer. */
  readonly seconds: number;
  /** A call that nobody answers is given up after it. */
  readonly ringSeconds: number;
  readonly recordPath: string | null;
  readonly acts: readonly Act[];
};

export const usage = `place one call and print what happened as JSON
  --server host:port     where the INVITE goes (127.0.0.1:5060)
  --number digits        whom to call
  --username name        who we are; the password is read from SIP_PASSWORD
  --codec PCMU|PCMA      which law to prefer (PCMU)
  --seconds n            hang up so long after the answer (10)
  --ring-seconds n       give up a call that is not answered (30)
  --text at:voice:text   say a text, at seconds after the answer, in an espeak-ng voice; may be repeated
  --file at:path         say a mono WAV file; may be repeated
  --key at:digit         press a key; may be repeated
  --record path          write what was heard as a WAV file`;

/** Reads the command line. Throws with the option that is wrong. */
export function parseScript(argv: readonly string[]): Script {
  const text = { type: 'string' } as const;
  const many = { type: 'string', multiple: true } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: {
      server: { ...text, default: '127.0.0.1:5060' },
      number: text,
      username: text,
      codec: { ...text, default: 'PCMU' },
      seconds: { ...text, default: '10' },
      'ring-seconds': { ...text, default: '30' },
      record: text,
      text: many,
      file: many,
      key: many,
    },
  });
  const server = /^([^:]+):(\d+)$/.exec(values.server);
  if (!server) throw new Error(`--server ${values.server}: write host:port`);
  if (!values.number) throw new Error('--number is missing');
  if (values.codec !== 'PCMU' && values.codec !== 'PCMA') throw new Error(`--codec ${values.codec}: PCMU or PCMA`);
  const acts = [
    ...(values.text ?? []).map((value) => parseAct('text', value)),
    ...(values.file ?? []).map((value) => parseAct('file', value)),
    ...(values.key ?? []).map((value) => parseAct('key', value)),
  ];
  return {
    server: { host: server[1] as string, port: Number(server[2]) },
    number: values.number,
    username: values.username ?? null,
    codec: values.codec,
    seconds: secondsOf('--seconds', values.seconds),
    ringSeconds: secondsOf('--ring-seconds', values['ring-seconds']),
    recordPath: values.record ?? null,
    acts: acts.toSorted((a, b) => a.atMs - b.atMs),
  };
}

/** The sound of an act at 8 kHz. Throws when a file is not mono. */
export async function soundOf(act: Act & { kind: 'text' | 'file' }): Promise<Int16Array> {
  if (act.kind === 'text') return synthesize({ text: act.text, voice: act.voice });
  const wav = await readWav(act.path);
  if (wav.channels !== 1) throw new Error(`${act.path} has ${wav.channels} channels; a caller speaks on one`);
  return resample(wav.pcm, { fromHz: wav.hz, toHz: 8_000 });
}

function parseAct(kind: Act['kind'], value: string): Act {
  const match = /^(\d+(?:\.\d+)?):(.+)$/s.exec(value);
  if (!match) throw new Error(`--${kind} ${value}: begin with the seconds after the answer and a colon`);
  const atMs = Number(match[1]) * 1_000;
  const rest = match[2] as string;
  if (kind === 'file') return { kind, atMs, path: rest };
  if (kind === 'key') return { kind, atMs, digit: rest };
  const spoken = /^([\w-]+):(.+)$/s.exec(rest);
  if (!spoken) throw new Error(`--text ${value}: write at:voice:text, such as 1.5:es:Hola`);
  return { kind, atMs, voice: spoken[1] as string, text: spoken[2] as string };
}

function secondsOf(option: string, value: string): number {
  const seconds = Number(value);
  if (!(seconds > 0 && seconds <= 3_600)) throw new Error(`${option} ${value}: seconds above 0, at most 3600`);
  return seconds;
}
