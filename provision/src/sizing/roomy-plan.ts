/** Lets the organization of the agent that is called have as many calls as the machine bears, for the time of a measurement: its own plan would be what is measured. */
import { runCommand } from '#command.ts';
import { DATABASE } from '#instance.ts';
import type { Instance } from '#instance.ts';
import { psqlCommand } from '#postgres-process.ts';

const PLAN = 'calibration';
/** More than any machine is asked to carry. */
const CALLS = 1_000;
const TIMEOUT_MS = 20_000;

/**
 * Puts the organization of a number on a plan of its own, and back when disposed. A run that was killed leaves it there: the plan's name says which was its own, and
 * the next measurement puts it back.
 */
export async function openRoomyPlan(instance: Instance, number: string): Promise<AsyncDisposable> {
  const organization = `(select org_id from numbers where number = '${number.replaceAll(/[^0-9+]/g, '')}')`;
  await query(
    instance,
    `begin;
    insert into plans (id, name, concurrent_calls, agents, requests_per_minute, daily_dials, storage_bytes, recording_retention_days, text_retention_days)
      select '${PLAN}', id, ${CALLS}, agents, requests_per_minute, daily_dials, storage_bytes, recording_retention_days, text_retention_days
      from plans where id = (select plan_id from organizations where id = ${organization}) on conflict (id) do nothing;
    update organizations set plan_id = '${PLAN}' where id = ${organization};
    commit;`,
  );
  return {
    [Symbol.asyncDispose]: async () =>
      await query(
        instance,
        `begin;
        update organizations set plan_id = (select name from plans where id = '${PLAN}') where plan_id = '${PLAN}';
        delete from plans where id = '${PLAN}';
        commit;`,
      ),
  };
}

async function query(instance: Instance, input: string): Promise<void> {
  await runCommand(psqlCommand(instance, DATABASE), { input, label: 'the plan of the organization that is called', timeoutMs: TIMEOUT_MS });
}
