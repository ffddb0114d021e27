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

  const sherpa: { readonly OfflineRecognizer: new (config: OfflineRecognizerConfig) => OfflineRecognizer };
  export default sherpa;
}
