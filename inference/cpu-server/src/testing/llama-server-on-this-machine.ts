// llama-server for tests: the real one where this machine has it, and always its stand-in.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { loadConfig, type Config } from '#server/config.ts';

const command = loadConfig(process.env).llamaServer;

/** The real one, or why there is none: `apt-get install llama.cpp-tools`, or LLAMA_SERVER_COMMAND (and LLAMA_SERVER_DIR for its backends). */
export const realLlamaServer: Config['llamaServer'] | null = canRun(command) ? command : null;

/** A process of our own that answers as its prompts say. */
export const llamaServerStandIn: Config['llamaServer'] = {
  argv: [process.execPath, fileURLToPath(new URL('./llama-server-stand-in.ts', import.meta.url))],
  env: {},
  folder: null,
};

function canRun({ argv: [program, ...args], env }: Config['llamaServer']): boolean {
  return spawnSync(program, [...args, '--version'], { env }).status === 0;
}
