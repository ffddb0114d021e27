/** Lets the organization of the agent that is called have as many calls as the machine bears, for the time of a measurement: its own plan would be what is measured. */
const PLAN = 'calibration';
/** More than any machine is asked to carry. */
const CALLS = 1_000;
const LABEL = 'the plan of the organization that is called';

/** SQL as the database's administrator, wherever the database runs; the label is for an error message. */
export type DatabaseQuery = (sql: string, label: string) => Promise<unknown>;

/**
 * Puts the organization of a number on a plan of its own, and back when disposed. A run that was killed leaves it there: the plan's name says which was its own, and
 * the next measurement puts it back.
 */
export async function openRoomyPlan(query: DatabaseQuery, number: string): Promise<AsyncDisposable> {
  const organization = `(select org_id from numbers where number = '${number.replaceAll(/[^0-9+]/g, '')}')`;
  await query(
    `begin;
    insert into plans (id, name, concurrent_calls, agents, requests_per_minute, daily_dials, storage_bytes, recording_retention_days, text_retention_days)
      select '${PLAN}', id, ${CALLS}, agents, requests_per_minute, daily_dials, storage_bytes, recording_retention_days, text_retention_days
      from plans where id = (select plan_id from organizations where id = ${organization}) on conflict (id) do nothing;
    update organizations set plan_id = '${PLAN}' where id = ${organization};
    commit;`,
    LABEL,
  );
  return {
    [Symbol.asyncDispose]: async () =>
      void (await query(
        `begin;
        update organizations set plan_id = (select name from plans where id = '${PLAN}') where plan_id = '${PLAN}';
        delete from plans where id = '${PLAN}';
        commit;`,
        LABEL,
      )),
  };
}
