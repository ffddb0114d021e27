/** The same question to the tables themselves: the application's role, one organization set, and every way to reach for the other's rows. */
import { addressOptions } from '@centralita/control-plane/db/server-address.ts';
import postgres from 'postgres';
import { secretIn } from './isolation-tally.ts';
import type { IsolationTally } from './isolation-tally.ts';
import type { Twin } from './isolation-twins.ts';

/** A table with its columns; `owner` holds the organization, `keys` is its primary key. Null owner: a table of the whole appliance. */
export type ProbedTable = {
  readonly name: string;
  readonly owner: string | null;
  readonly columns: readonly string[];
  readonly keys: readonly string[];
};

export type SqlProbing = { readonly url: string; readonly tally: IsolationTally; readonly attacker: Twin; readonly victim: Twin };

type Rows = readonly Record<string, unknown>[];
/** What the server said: rows, or the code of its refusal. */
type SqlAnswer = { readonly kind: 'rows'; readonly rows: Rows } | { readonly kind: 'refused'; readonly code: string };

/** No right, or row-level security. */
const FORBIDDEN = '42501';
/** Refusals that protect: forbidden, foreign key, unique or not-null or check or exclusion violated, read-only or generated column, bad value. */
const REFUSALS = new Set([FORBIDDEN, '23503', '23505', '23502', '23514', '23P01', '428C9', '22P02', '42809']);

/** The catalogue, as the application's role sees it. */
export async function listTables(url: string): Promise<readonly ProbedTable[]> {
  const client = postgres(url, { ...addressOptions(url), max: 1, onnotice: () => {} });
  const rows = await client<ProbedTable[]>`
    select c.relname as name,
      case when c.relname = 'organizations' then 'id' else (select a.attname from pg_attribute a where a.attrelid = c.oid and a.attname = 'org_id' and not a.attisdropped) end as owner,
      (select array_agg(a.attname::text order by a.attnum) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
      (select array_agg(a.attname::text) from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = any(i.indkey) where i.indrelid = c.oid and i.indisprimary) as keys
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and c.relkind in ('r', 'p', 'v', 'm') order by 1`;
  await client.end();
  return rows;
}

/** Statements about one table that must show and change nothing of the other. `$A` and `$B` stand for the organizations, `$CANARY` for the other's word. */
function statementsOn({ name, owner, columns, keys }: ProbedTable, victim: Twin): readonly string[] {
  const reads = columns.map((column) => `select "${column}" from ${name}`);
  if (owner === null) return [`select * from ${name}`, `select count(*) as n from ${name} t where t::text ilike '%$CANARY%'`, ...reads];
  const own = `"${owner}"`;
  const theirs = `${own} = '$B'`;
  const list = columns.map((column) => `"${column}"`).join(', ');
  const copied = columns.map((column) => (column === owner ? `'$B'` : `"${column}"`)).join(', ');
  const ids = Object.values(victim.ids).flat();
  const idColumns = columns.filter((column) => column === 'id' || column.endsWith('_id') || column === 'number' || column === 'mac');
  return [
    ...reads,
    `select * from ${name} where ${theirs}`,
    `select * from only ${name} where ${own} <> '$A'`,
    `select count(*) as n from ${name} where ${own} <> '$A'`,
    `select exists (select from ${name} where ${theirs}) as n`,
    `select string_agg(t::text, ' ') as n from ${name} t`,
    `select * from ${name} where ${theirs} for update`,
    `select * from ${name} order by ${own} desc limit 5`,
    `select max(${own}) as n from ${name} where ${own} <> '$A'`,
    `select t.* from ${name} t join organizations o on o.id = t.${own} where o.id = '$B'`,
    `select t.* from organizations o left join ${name} t on true where o.id <> '$A'`,
    `with recursive r as (select t.* from ${name} t) select * from r where ${own} <> '$A'`,
    `select * from (table ${name}) t where t.${own} = any (array['$B'])`,
    // A condition that fails on the other's rows would tell of them: the policy must come first.
    `select 1 / (case when ${own} = '$B' then 0 else 1 end) as n from ${name}`,
    `select (case when ${own} = '$B' then t::text else '1' end)::int as n from ${name} t`,
    `select most_common_vals::text as n from pg_stats where tablename = '${name}'`,
    ...idColumns.flatMap((column) => ids.map((id) => `select * from ${name} where "${column}" = '${id}'`)),
    `update ${name} set ${own} = ${own} where ${theirs} returning ${own} as n`,
    `update ${name} set ${own} = '$B' returning ${own} as n`,
    `update ${name} set ${own} = '$A' where ${own} <> '$A' returning ${own} as n`,
    ...columns
      .filter((column) => column !== owner)
      .map((column) => `update ${name} set "${column}" = "${column}" where ${theirs} returning ${own} as n`),
    `delete from ${name} where ${theirs} returning ${own} as n`,
    `delete from ${name} where ${own} <> '$A' returning ${own} as n`,
    `delete from ${name} t using organizations o where o.id = t.${own} and o.id = '$B' returning t.${own} as n`,
    `insert into ${name} (${list}) select ${copied} from ${name} returning "${owner}" as n`,
    `insert into ${name} (${own}) values ('$B') returning "${owner}" as n`,
    `insert into ${name} (${list}) select ${copied} from ${name} on conflict (${keys.map((key) => `"${key}"`).join(', ')}) do update set ${own} = '$A' returning "${owner}" as n`,
    `merge into ${name} t using (values ('$B')) v(id) on t.${own} = v.id when matched then delete`,
    `truncate ${name} cascade`,
    `copy ${name} (${columns.join(', ')}) to stdout`,
    `lock table ${name} in access exclusive mode`,
    `alter table ${name} disable row level security`,
    `create policy probe on ${name} for all to public using (true)`,
    `drop policy own_organization on ${name}`,
    `create temp view probe as select * from ${name}; select * from probe`,
  ];
}

/** Statements before which the organization is not, or not honestly, set; each is followed by a look at every table. */
function settingsBefore(victim: Twin): readonly { readonly how: string; readonly before: readonly string[] }[] {
  const set = (value: string): string => `select set_config('app.org_id', ${value}, true)`;
  const asApplication = `select set_config('role', 'centralita_app', true)`;
  const odd = [
    "''",
    'null',
    "'%'",
    "'*'",
    "' '",
    `upper('${victim.organizationId}')`,
    `'${victim.organizationId} '`,
    `'$A,$B'`,
    `'{$A,$B}'`,
    `'$A'' or true --'`,
  ];
  return [
    { how: 'as the login, nothing set', before: [] },
    { how: 'organization unset', before: [asApplication] },
    ...odd.map((value) => ({ how: `organization ${value}`, before: [asApplication, set(value)] })),
    {
      how: 'a dialled number of nobody',
      before: [asApplication, `select set_config('app.dialled_number', '%', true)`, `select set_config('app.token_mac', '%', true)`],
    },
    {
      how: 'after find_route of the other',
      before: [asApplication, set("'$A'"), `select count(*) from find_route('${victim.dialled[0]}')`],
    },
    { how: 'after find_token of a hash of nobody', before: [asApplication, set("'$A'"), `select * from find_token(repeat('0', 64))`] },
    { how: 'after a savepoint taken back', before: [asApplication, set("'$A'"), 'savepoint s', set("'$B'"), 'rollback to s'] },
    { how: 'row security off', before: [asApplication, set("'$A'"), 'set local row_security = off'] },
    { how: 'session authorization of the owner', before: ['savepoint s', 'set local role centralita_migrator'] },
    { how: 'role none', before: [asApplication, set("'$A'"), 'set local role none'] },
  ];
}

/** Every table and way. Nothing stays: each probe is a transaction that is taken back. */
export async function probeSql(probing: SqlProbing, tables: readonly ProbedTable[]): Promise<void> {
  const { url, tally, attacker, victim } = probing;
  const client = postgres(url, { ...addressOptions(url), max: 1, onnotice: () => {}, prepare: false });
  const written = (text: string): string =>
    text.replaceAll('$A', attacker.organizationId).replaceAll('$B', victim.organizationId).replaceAll('$CANARY', victim.canary);
  try {
    for (const table of tables)
      for (const statement of statementsOn(table, victim)) {
        const text = written(statement);
        const before = [`select set_config('role', 'centralita_app', true), set_config('app.org_id', '${attacker.organizationId}', true)`];
        tally.count(`sql ${table.name}`, leakOf(await attempt(client, before, text), { text, attacker, victim }));
      }
    for (const { how, before } of settingsBefore(victim))
      for (const { name } of tables) {
        const text = `select * from ${name}`;
        const answer = await attempt(client, before.map(written), text);
        const leak = leakOf(answer, { text, attacker, victim });
        tally.count(`sql ${name}`, leak && `${how}: ${leak}`);
      }
    // A setting of one transaction is gone in the next one on the same connection.
    await attempt(
      client,
      [],
      `select set_config('role', 'centralita_app', true), set_config('app.org_id', '${victim.organizationId}', true)`,
    );
    for (const { name } of tables) {
      const text = `select * from ${name}`;
      tally.count(`sql ${name}`, leakOf(await attempt(client, [], text), { text, attacker, victim }));
    }
  } finally {
    await client.end();
  }
}

/** Runs a statement in a transaction that is taken back. A preparation that is forbidden is left out, and the statement asked all the same. */
async function attempt(client: postgres.Sql, before: readonly string[], text: string): Promise<SqlAnswer> {
  const taken = new Error('taken back');
  let answer: SqlAnswer = { kind: 'refused', code: 'none' };
  await client
    .begin(async (inside) => {
      for (const statement of before) await prepare(inside, statement);
      answer = { kind: 'rows', rows: await rowsOf(inside, text) };
      throw taken;
    })
    .catch((error: unknown) => {
      if (error === taken) return;
      if (!(error instanceof postgres.PostgresError)) throw error;
      answer = { kind: 'refused', code: error.code };
    });
  return answer;
}

/** Throws for a preparation that fails for any other reason: what is asked after it would prove nothing. */
async function prepare(inside: postgres.TransactionSql, statement: string): Promise<void> {
  // Never released: that would take the savepoints of a preparation with it.
  await inside.unsafe('savepoint prepared');
  await inside.unsafe(statement).catch(async (cause: unknown) => {
    if (!(cause instanceof postgres.PostgresError) || cause.code !== FORBIDDEN)
      throw new Error(`a preparation failed: ${statement}`, { cause });
    await inside.unsafe('rollback to prepared');
  });
}

async function rowsOf(inside: postgres.TransactionSql, text: string): Promise<Rows> {
  if (text.startsWith('copy ')) {
    const copied = await inside.unsafe(text).readable();
    return (await copied.toArray()).map((piece) => ({ copied: String(piece) }));
  }
  const results = (await inside.unsafe(text)) as unknown as Rows | Rows[];
  // Two statements in one text give two results.
  return Array.isArray(results[0]) ? (results as Rows[]).flat() : (results as Rows);
}

/** How an answer leaks; null when it does not. A statement that the server does not understand is a fault of the probe. */
function leakOf(answer: SqlAnswer, { text, attacker, victim }: { text: string; attacker: Twin; victim: Twin }): string | null {
  if (answer.kind === 'refused') {
    // Division by zero and a text that is no number are what the conditions above would do to the other's rows.
    if (answer.code === '22012' || (answer.code === '22P02' && text.includes('case when'))) return `${text}: evaluated on the other's row`;
    if (REFUSALS.has(answer.code)) return null;
    throw new Error(`the server refused a probe for an unexpected reason, ${answer.code}: ${text}`);
  }
  const secret = secretIn(JSON.stringify(answer.rows), victim, '');
  if (secret) return `${text}: shows ${secret}`;
  const counted = answer.rows.some(
    (row) => row['n'] === true || (typeof row['n'] === 'string' && /^[1-9]\d*$/.test(row['n']) && text.includes('count(')),
  );
  return counted ? `${text}: counts the other's rows (${attacker.organizationId} asked)` : null;
}
