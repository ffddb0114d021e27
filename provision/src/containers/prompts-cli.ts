/** Runs inside the build of the control plane's image: speaks the prompts and plays the hold music into `<folder>/sounds`. */
import { makeHoldMusic } from '#hold-music.ts';
import { makePrompts } from '#prompts.ts';
import { imageRoot } from './identities.ts';

const dir = process.argv[2];
if (dir === undefined) throw new Error('say the folder of the instance, such as /instance');
const instance = { dir, root: imageRoot(process.arch) };
for (const path of await makePrompts(instance, { force: true })) console.log(path);
await makeHoldMusic(instance);
