/** For tests: a program in PATH that stands where `docker` does and keeps its images as files in a folder. What it saves is a real file of their names. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What every image of this engine is: one without layers. */
export const ENGINE_IMAGE = {
  id: `sha256:${'1'.repeat(64)}`,
  layers: 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
};

/** An id is known to it; a name when it was loaded or given. It has no compose of its own but tells of a plugin. */
const SCRIPT = `#!/bin/sh
echo "$*" >>"$ENGINE_FOLDER/calls"
image() { echo "$ENGINE_FOLDER/images/$(basename "$1")"; }
case "$1 $2" in
  "version --format") echo 28.5.2 ;;
  "image inspect") shift 4; case "$1" in sha256:*) ;; *) [ -e "$(image "$1")" ] || exit 1 ;; esac; echo '{"id":"${ENGINE_IMAGE.id}","layers":[]}' ;;
  "tag "*) touch "$(image "$3")" ;;
  "rmi "*) rm "$(image "$2")" ;;
  "save --output") out=$3; shift 3; for name in "$@"; do basename "$name"; done >"$out" ;;
  "load --quiet") gzip -dc "$4" | while read -r name; do touch "$(image "$name")"; done ;;
  "run --rm") printf 'postgresql-18\\t18.1-1\\tamd64\\n' ;;
  "info --format") echo '[{"Name":"compose","Path":"'"$ENGINE_FOLDER"'/compose-plugin"}]' ;;
  *) exit 1 ;;
esac
`;

/** Makes the engine in a folder; `calls` there has a line for each time it was asked. Returns the variables that put it into place. */
export async function makeImageEngine(folder: string): Promise<Readonly<Record<string, string>>> {
  await mkdir(join(folder, 'images'));
  await mkdir(join(folder, 'bin'));
  await writeFile(join(folder, 'bin/docker'), SCRIPT, { mode: 0o755 });
  await writeFile(join(folder, 'compose-plugin'), 'the program');
  return { PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`, ENGINE_FOLDER: folder };
}
