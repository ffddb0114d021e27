// The one way in which a model port fails, so that the engine's failure policy sees a role and a cause, not a vendor.

export const inferenceRoles = ['speech_to_text', 'text_to_speech', 'language_model'] as const;
export type InferenceRole = (typeof inferenceRoles)[number];

/** A model did not answer. `isRetryable` is decided where the status is known. */
export class InferenceError extends Error {
  override readonly name = 'InferenceError';
  readonly role: InferenceRole;
  readonly isRetryable: boolean;

  constructor(options: { role: InferenceRole; message: string; isRetryable: boolean; cause?: unknown }) {
    super(options.message, { cause: options.cause });
    this.role = options.role;
    this.isRetryable = options.isRetryable;
  }
}
