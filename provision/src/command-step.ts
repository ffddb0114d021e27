/** Puts the command `centralita` on the machine. */
import { COMMAND_LINK_PATH, commandPath, renderCommand } from './command-link.ts';
import { currentLink } from '#releases/release-store.ts';
import type { Facts } from './facts.ts';
import type { Step } from './plan.ts';
import { replaceFile, replaceLink } from './rendered-files.ts';

/** A second installation keeps its command below its own home: the name in every shell's path stays with the first. */
export const commandStep: Step = {
  name: 'command line',
  changes: (facts) => [
    ...(facts.command.text === renderFor(facts) ? [] : [`write the command ${commandPath(facts.home)}`]),
    ...(facts.command.link === 'free' ? [`link ${COMMAND_LINK_PATH} to it`] : []),
  ],
  apply: async ({ facts, log }) => {
    const path = commandPath(facts.home);
    await replaceFile(path, renderFor(facts), { uid: 0, gid: 0, mode: 0o755 });
    if (facts.command.link === 'taken') log(`${COMMAND_LINK_PATH} belongs to something else and stays as it is: use ${path}`);
    if (facts.command.link === 'free') await replaceLink(COMMAND_LINK_PATH, path);
  },
};

/** Through the link: the command is the same after every change of release, and runs the one that is current. */
function renderFor(facts: Facts): string {
  return renderCommand({ ...facts, repository: currentLink(facts.home) });
}
