/** The doctor's checks of an installation in containers: what the native ones ask of services and files, asked of containers. */
import { judgeLimits, testCallCheck } from '#doctor/appliance-checks.ts';
import type { TestCallSeen } from '#doctor/appliance-seen.ts';
import { pass, fail, warn } from '#doctor/check.ts';
import type { CheckGroup } from '#doctor/check.ts';
import type { RunningLimit } from '#sizing/running-limits.ts';
import type { ServiceReport } from './compose.ts';

export type ContainersSeen = {
  /** Why nothing can be said of them: an engine that does not answer, settings that cannot be read; null when they were looked at. */
  readonly fault: string | null;
  /** None where nothing was brought up. */
  readonly services: readonly ServiceReport[];
  /** What a run would change. */
  readonly changes: readonly string[];
  /** What the servers that run may open and accept, beside what the plan of the admitted calls says. */
  readonly limits: readonly RunningLimit[];
  /** The call through Asterisk, the agent and the voice, as a caller hears it. */
  readonly testCall: TestCallSeen;
};

const RUN = './provision.sh';
const LOOK_AGAIN = 'put that right, then run the doctor again';
const FILES_FIX =
  './provision.sh starts what has other limits again; where the engine gives no more: systemctl edit docker.service, LimitNOFILE=infinity below [Service], systemctl restart docker, ./provision.sh start';
const CONNECTIONS_FIX = './provision.sh renders the configuration and starts the database again';
const notJudged = () => fail('not judged: the containers were not looked at', LOOK_AGAIN);

export const CONTAINER_CHECKS: readonly CheckGroup<ContainersSeen>[] = [
  {
    name: 'containers',
    checks: [
      {
        name: 'containers',
        judge: ({ fault, services }) => {
          if (fault !== null) return fail(fault, LOOK_AGAIN);
          if (services.length === 0) return fail('none is up', RUN);
          const down = services.filter(({ isUp }) => !isUp);
          const [first] = down;
          if (first === undefined) return pass(services.map(({ name }) => name).join(', '));
          return fail(
            down.map(({ name, words }) => `${name}: ${words}`).join('; '),
            `./provision.sh start; ./provision.sh logs ${first.name} says why it ended`,
          );
        },
      },
      {
        name: 'as it should be',
        judge: ({ fault, changes }) => {
          if (fault !== null) return notJudged();
          const [first] = changes;
          if (first === undefined) return pass('a run would change nothing');
          return warn(`a run would change ${changes.length} things, such as: ${first}`, `${RUN} (--plan first says what it would do)`);
        },
      },
      {
        name: 'open files',
        judge: ({ fault, limits }) => (fault === null ? judgeLimits(limits, { kind: 'files', fix: FILES_FIX }) : notJudged()),
      },
      {
        name: 'database connections',
        judge: ({ fault, limits }) => (fault === null ? judgeLimits(limits, { kind: 'connections', fix: CONNECTIONS_FIX }) : notJudged()),
      },
      { name: testCallCheck.name, judge: (seen) => (seen.fault === null ? testCallCheck.judge(seen) : notJudged()) },
    ],
  },
];
