/** What the control plane must know of the models on the boards, for its `.env`. Pure. */
import type { SizingPlan } from '#sizing/sizing-plan.ts';

/** Values under the operator's own: the language model's folder (its chat template and tokenizer are read there), and how many requests each works on at once. */
export function modelSettings({ models }: Pick<SizingPlan, 'models'>, modelsFolder: string): Readonly<Record<string, string>> {
  const settings: Record<string, string> = {};
  for (const { role, name, gpuUuid, settings: placed } of models) {
    if (gpuUuid === null) continue;
    // Triton tells nobody how many it takes at once; what waits is known by that alone.
    if (role === 'speech_to_text' && placed['max_batch'] !== undefined) settings['SPEECH_TO_TEXT_SLOTS'] = String(placed['max_batch']);
    if (role !== 'language_model') continue;
    settings['LANGUAGE_MODEL_DIR'] = `${modelsFolder}/${name}`;
    if (placed['max_sequences'] !== undefined) settings['LANGUAGE_MODEL_SLOTS'] = String(placed['max_sequences']);
  }
  return settings;
}
