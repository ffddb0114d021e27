/** What must be put right by hand before anything is built or started in containers: a port that is taken would be found after minutes of building. Pure. */
import { listFindings } from '#lifecycle/obstacles.ts';
import type { Judged } from '#lifecycle/obstacles.ts';
import type { Finding } from '#place.ts';
import { findLoopbackServers } from './container-addresses.ts';
import type { ContainerFacts } from './container-facts.ts';
import { findForeignModels } from './container-settings.ts';
import { findUnfetchable } from './foreign-images.ts';

/** Ports that are opened on the machine itself; the others are the containers' own. */
const PUBLISHED = ['SIP_PORT', 'HTTP_PORT', 'PROMETHEUS_PORT'];
/** Findings of the native runtime that are none where the processor serves the models. */
const NATIVE_ONLY = ['gpu'];

/** What is in the way of a later run as well. */
const ALWAYS = ['release', 'models', 'network', 'file'];

export function findContainerObstacles(
  {
    facts,
    profile,
    unmet,
    containers,
    services,
    missingForeign,
  }: Pick<ContainerFacts, 'facts' | 'profile' | 'unmet' | 'containers' | 'services' | 'missingForeign'>,
  { mirrorFault }: Pick<Judged, 'mirrorFault'>,
): readonly Finding[] {
  const running = Object.entries(facts.services).filter(([, state]) => state !== 'ABSENT');
  // Once the containers were up, the ports are theirs and the room is taken.
  const isFirst = containers.up === undefined && services.length === 0;
  const takenPorts = facts.takenPorts.filter((taken) => PUBLISHED.includes(taken.split('=')[0] ?? ''));
  // A driver that fails stands in the way of every run: the boards' servers would not start.
  const isOnBoards = profile === 'gpu';
  const machine = listFindings({ facts: { ...facts, takenPorts }, mirrorFault }).obstacles.filter(
    ({ name }) => isFirst || ALWAYS.includes(name) || (isOnBoards && name === 'gpu'),
  );
  return [
    ...(running.length > 0
      ? [{ name: 'runtime', reason: 'this home runs without containers', fix: './provision.sh stop first (its data is not moved over)' }]
      : []),
    ...machine.filter(({ name }) => isOnBoards || !NATIVE_ONLY.includes(name)),
    ...unmet,
    ...findUnfetchable(missingForeign),
    ...findLoopbackServers(facts, profile),
    ...findForeignModels(facts).map((key) => ({
      name: 'models',
      reason: `${key} lies outside ${facts.home}/models, which is all that the containers see`,
      fix: 'move it there',
    })),
  ];
}
