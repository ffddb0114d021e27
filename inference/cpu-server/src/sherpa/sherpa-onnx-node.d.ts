// The part of sherpa-onnx-node that we call; the package carries no TypeScript types of its own.
declare module 'sherpa-onnx-node' {
  export interface OfflineModelConfig {
    readonly whisper?: { readonly encoder: string; readonly decoder: string; readonly language: string; readonly task: 'transcribe' };
    readonly transducer?: { readonly encoder: string; readonly decoder: string; readonly joiner: string };
    readonly canary?: {
      readonly encoder: string;
      readonly decoder: string;
      readonly srcLang: string;
      readonly tgtLang: string;
      readonly usePnc: number;
    };
    readonly modelType?: string;
    readonly tokens: string;
    readonly numThreads: number;
    readonly provider: 'cpu';
  }

  export interface OfflineRecognizerConfig {
    readonly featConfig: { readonly sampleRate: number; readonly featureDim: number };
    readonly modelConfig: OfflineModelConfig;
  }

  export interface OfflineStream {
    acceptWaveform(audio: { readonly samples: Float32Array; readonly sampleRate: number }): void;
  }

  export interface OfflineRecognizer {
    createStream(): OfflineStream;
    setConfig(config: OfflineRecognizerConfig): void;
    decode(stream: OfflineStream): void;
    getResult(stream: OfflineStream): { readonly text: string; readonly ys_log_probs?: readonly number[] };
  }

  interface Pronunciation {
    readonly tokens: string;
    readonly dataDir?: string;
    readonly lexicon?: string;
  }

  export interface OfflineTtsConfig {
    /** How many sentences are made before their sound is given out. */
    readonly maxNumSentences: number;
    readonly model: {
      readonly vits?: Pronunciation & { readonly model: string };
      readonly matcha?: Pronunciation & { readonly acousticModel: string; readonly vocoder: string };
      readonly kokoro?: Pronunciation & { readonly model: string; readonly voices: string; readonly lang?: string };
      readonly numThreads: number;
      readonly provider: 'cpu';
      readonly debug: boolean;
    };
  }

  export interface OfflineTts {
    readonly numSpeakers: number;
    readonly sampleRate: number;
    generateAsync(request: {
      readonly text: string;
      readonly sid: number;
      readonly speed: number;
      /** Each piece of sound as it is made; false ends the synthesis. */
      readonly onProgress: (made: { readonly samples: Float32Array }) => boolean;
    }): Promise<unknown>;
  }

  const sherpa: {
    readonly OfflineRecognizer: new (config: OfflineRecognizerConfig) => OfflineRecognizer;
    readonly OfflineTts: new (config: OfflineTtsConfig) => OfflineTts;
  };
  export default sherpa;
}
