/** Puts the code at work below the home as a release, and makes it the one that the services run from. */
import type { Step } from '#plan.ts';
import { updateState } from '#state.ts';
import { describeRelease } from './release-manifest.ts';
import { makeRelease, pruneReleases, switchCurrent } from './release-store.ts';

export const releaseStep: Step = {
  name: 'release',
  changes: ({ release }) => [
    ...(release.isMade ? [] : [`make the release ${release.id}`]),
    ...(release.current === release.id
      ? []
      : [`run the release ${release.id}${release.current === null ? '' : ` after ${release.current}`}`]),
  ],
  apply: async ({ facts, log }) => {
    const { home, repository, release } = facts;
    const { current, id } = release;
    if (!release.isMade) {
      const { sharing } = await makeRelease({ home, repository, manifest: await describeRelease(repository) });
      log(`release: ${id}, packages ${sharing}`);
    }
    if (current === id) return;
    // Before the link: cut short in between, the old release is known and kept.
    if (current !== null)
      await updateState(home, (state) => ({
        releases: { previous: { id: current, migrations: state.migrations ?? null, restorePoint: null } },
      }));
    await switchCurrent(home, id);
    await pruneReleases(home, [id, ...(current === null ? [] : [current])]);
  },
};
