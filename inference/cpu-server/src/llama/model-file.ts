// Which file of a folder is the language model.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Weights in several files are loaded by their first one. */
const LATER_PART = /-(?!00001)\d{5}-of-\d{5}\.gguf$/;

/** The GGUF file of the folder. @throws when there is none or more than one, naming them. */
export function findLanguageModel(folder: string): string {
  const found = listed(folder).filter((name) => name.endsWith('.gguf') && !LATER_PART.test(name) && !name.startsWith('mmproj'));
  const [file, ...others] = found;
  if (file === undefined) throw new Error(`${folder} has no .gguf file: put the weights of one model there, in llama.cpp's format`);
  if (others.length > 0) throw new Error(`${folder} has several models, and one is served: ${found.join(', ')}`);
  return join(folder, file);
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (cause) {
    throw new Error(`the folder of the language model ${folder} cannot be read`, { cause });
  }
}
