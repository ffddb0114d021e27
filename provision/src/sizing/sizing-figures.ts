/** The figures that sizing reckons with, each with where it comes from. Planning figures: `calibrate` replaces those that a machine can measure. */

export const MEBIBYTE = 1_048_576;
export const GIBIBYTE = 1024 * MEBIBYTE;

/** No part is planned fuller than this: beyond it waits grow faster than calls. */
export const UTILISATION = 0.6;

/** Taken by each Triton process on each board that it uses: its CUDA context. */
export const PROCESS_VRAM_BYTES = 0.5 * GIBIBYTE;
/** Left free on every board: the driver's own, and what fragments. */
export const RESERVED_VRAM_BYTES = 1_024 * MEBIBYTE;

/** Recognitions a second and call: one for each turn of 9 s (0.11) and as many again for half the pauses that turn out to be none. */
export const RECOGNITIONS_PER_SECOND = 0.2;
/** One recognition by Whisper turbo on a board: 90 to 210 ms were published for an RTX 4090, the same for 2 s and 10 s of sound. */
export const GPU_RECOGNITION_SECONDS = 0.1;
/** Share of a call in which the agent speaks. */
export const SPEAKING_SHARE = 0.45;
/** Synthesis over sound for F5-TTS in PyTorch, as it is served here, at 16 steps (0.1467 was published for one L20; 0.04 in TensorRT); twice that at 32. */
export const F5_RTF_AT_16_STEPS = 0.147;
/** No figure was published: that of F5-TTS in TensorRT at 16 steps, a network four times the size that runs sixteen times. */
export const KOKORO_RTF = 0.04;
/** A turn's text of 60 tokens every 9 s. */
export const TOKENS_PER_SECOND_AND_CALL = 60 / 9;

/** Tokens a second of all calls together with an 8-billion model, as published for each board; others are taken for the slowest. */
export const BOARD_TOKENS_PER_SECOND: readonly { readonly board: RegExp; readonly tokens: number; readonly source: string }[] = [
  { board: /H[12]00|B[12]00/, tokens: 1_384, source: 'H100, 16 at once' },
  { board: /A100/, tokens: 495, source: 'A100, 8 at once' },
  { board: /RTX.*(4090|5090)/, tokens: 1_100, source: 'RTX 4090 in 8 bits, 32 at once' },
  { board: /A40\b|A6000|L40/, tokens: 1_017, source: 'A40, 50 at once' },
];
export const SLOWEST_BOARD = { tokens: 452, source: 'L4, the slowest published board' };
export const REFERENCE_BILLIONS = 8;

/** Cores that are the system's, the database's and the model servers' own; half of them all on a small machine. */
export const RESERVED_CORES = 2;
/** Share of a core that a call takes beside models on boards: media, SIP, gRPC, journal. */
export const CALL_CORE_SHARE = 0.03;
/** With espeak-ng and the phrases engine: Asterisk 0.7 % of a core, the control plane 0.5 %, speaking and recognising the rest. */
export const ESPEAK_CALLS_PER_CORE = 25;

/** One recognition by a small model of 8 bits: 13 minutes in 102 s on 8 threads (published), for 5 s of speech. */
export const CPU_RECOGNITION_SECONDS_ON_8 = 0.66;
/** Piper on one thread (published for a Threadripper 1800X). */
export const PIPER_RTF = 0.2;
/** Tokens a second and thread of 1.5 billion weights in 4 bits, and where memory ends it: judged, not published. */
export const CPU_TOKENS_PER_THREAD = 8;
export const CPU_TOKENS_MAX = 40;
/** Fewer cores run no model beside the calls. */
export const CPU_MODEL_CORES = 8;

/** Left to the system, PostgreSQL and the idle processes. */
export const RESERVED_MEMORY_BYTES = 2 * GIBIBYTE;
/** Asterisk's and the control plane's part of a call, and its share of recognition at work. */
export const CALL_MEMORY_BYTES = 48 * MEBIBYTE;
/** Main memory of the two Tritons: weights pass through it while they load. */
export const TRITON_MEMORY_BYTES = 6 * GIBIBYTE;

/** The private root twice while it is replaced, database, logs. */
export const RESERVED_DISK_BYTES = 4 * GIBIBYTE;
/** A day's recordings of one call at a time must fit: 0.96 MB a minute for 8 hours. */
export const CALL_DISK_BYTES = 0.96e6 * 60 * 8;

export const MAX_CALLS = 500;

/** By free memory of the board: what may run on it, and how many calls are admitted before the machine has measured itself. */
export type ProfileRow = { readonly name: string; readonly fromBytes: number; readonly startCalls: number; readonly maxBillions: number };
/** Boards of 8, 16, 24, 48 and 80 GB; thresholds leave room for what the driver keeps. */
export const PROFILES: readonly ProfileRow[] = [
  { name: 's', fromBytes: 6.5 * GIBIBYTE, startCalls: 4, maxBillions: 4.5 },
  { name: 'm', fromBytes: 14 * GIBIBYTE, startCalls: 6, maxBillions: 8.5 },
  { name: 'l', fromBytes: 20.5 * GIBIBYTE, startCalls: 12, maxBillions: 8.5 },
  { name: 'xl', fromBytes: 42 * GIBIBYTE, startCalls: 30, maxBillions: 15 },
  { name: 'xxl', fromBytes: 74 * GIBIBYTE, startCalls: 60, maxBillions: 33 },
];
/** Two boards carry less than twice one of them: the published 2 x 48 GB are 50 calls, one is 30. */
export const SPLIT_SHARE = 5 / 6;
export const CPU_START_CALLS = 2;
