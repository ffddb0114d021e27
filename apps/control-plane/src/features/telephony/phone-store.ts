// Phones as rows: who may register and what rings. Asterisk follows them; whether it has, is in the row.
import { and, asc, eq, gt, sql } from 'drizzle-orm';
import type { Database, ReadScope } from '#db/client.ts';
import { organizations } from '#db/schema/organizations.ts';
import type { pushStates } from '#db/schema/phones.ts';
import { phones } from '#db/schema/phones.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import { checkStays } from '#features/access/organization-stay-store.ts';
import type { Actor } from '#shared/actor.ts';
import type { AdminOrgScope, ApplianceScope, OneOrganization } from '#shared/appliance-scope.ts';
import type { OrganizationId } from '#shared/id.ts';
import { newId } from '#shared/id.ts';
import { digestHa1 } from '#shared/sip-digest.ts';
import { makePhonePassword } from './phone-password.ts';

/** Whether Asterisk has what the row says. */
export type PushState = (typeof pushStates)[number];

/** A phone of an organization, without its secret. */
export type PhoneSummary = {
  readonly organizationId: string;
  readonly phoneId: string;
  readonly extension: string;
  readonly username: string;
  readonly displayName: string;
  readonly pushState: PushState;
  readonly pushError: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

/** Who changes a phone. */
export type PhoneEditor<Scope extends OneOrganization = OneOrganization> = { readonly scope: Scope; readonly actor: Actor };

/** A phone whose password was just made: it is here and nowhere else. */
export type PhoneWithPassword = { readonly phone: PhoneSummary; readonly password: string };

export type PhoneCreation =
  | ({ readonly kind: 'created' } & PhoneWithPassword)
  | { readonly kind: 'taken' }
  | { readonly kind: 'organization_not_found' }
  | { readonly kind: 'deletion_pending' };

/** Every write of the admin is refused for an organization that waits to be deleted: its export is made. */
export type PhoneStore = {
  /** By user name, at most `limit`, those after `after` only. */
  list(scope: ReadScope, page: { limit: number; after: string | null }): Promise<PhoneSummary[]>;
  /** Null when there is no such phone, or it is another organization's. */
  find(scope: ReadScope, phoneId: string): Promise<PhoneSummary | null>;
  /** The organization that a phone belongs to, for the admin who names the phone alone. */
  findOwner(scope: ApplianceScope, phoneId: string): Promise<OrganizationId | null>;
  create(by: PhoneEditor<AdminOrgScope>, options: { extension: string; displayName: string }): Promise<PhoneCreation>;
  /** Null when there is no such phone. */
  rename(by: PhoneEditor, phoneId: string, displayName: string): Promise<PhoneSummary | null>;
  /** The old password opens nothing once Asterisk has the new digest. Null when there is no such phone. */
  resetPassword(by: PhoneEditor<AdminOrgScope>, phoneId: string): Promise<PhoneWithPassword | null>;
  /** What was removed, or null when there is no such phone. */
  remove(by: PhoneEditor<AdminOrgScope>, phoneId: string): Promise<PhoneSummary | null>;
};

/** Without the digest, which an organization's role may not read. */
const columns = {
  organizationId: phones.orgId,
  phoneId: phones.id,
  extension: phones.extension,
  username: phones.username,
  displayName: phones.displayName,
  pushState: phones.pushState,
  pushError: phones.pushError,
  createdAt: phones.createdAt,
  updatedAt: phones.updatedAt,
};

/** Asterisk has to be told. The instant is the row's version too: later than before, also when two changes began in one millisecond. */
const changed = { pushState: 'pending', pushError: null, updatedAt: sql`greatest(now(), ${phones.updatedAt} + interval '1 ms')` } as const;

type Parts = { readonly database: Database; readonly audit: AuditTrail };

export function createPhoneStore(parts: Parts): PhoneStore {
  const { database } = parts;
  return {
    list: (scope, { limit, after }) =>
      database.inScope(scope, (queries) =>
        queries
          .select(columns)
          .from(phones)
          .where(and(ownedBy(scope), after === null ? undefined : gt(phones.username, after)))
          .orderBy(asc(phones.username))
          .limit(limit),
      ),
    find: (scope, phoneId) =>
      database.inScope(scope, async (queries) => {
        const [found] = await queries
          .select(columns)
          .from(phones)
          .where(and(ownedBy(scope), eq(phones.id, phoneId)));
        return found ?? null;
      }),
    findOwner: (scope, phoneId) =>
      database.inAppliance(scope, async (queries) => {
        const [row] = await queries.select({ orgId: phones.orgId }).from(phones).where(eq(phones.id, phoneId));
        return row ? (row.orgId as OrganizationId) : null;
      }),
    create: (by, options) => create(parts, by, options),
    rename: (by, phoneId, displayName) => rename(parts, by, { phoneId, displayName }),
    resetPassword: (by, phoneId) => resetPassword(parts, by, phoneId),
    remove: (by, phoneId) => remove(parts, by, phoneId),
  };
}

/** The organization is named beside the policy: the planner needs it, and it is a second barrier. */
function ownedBy(scope: ReadScope) {
  return 'organizationId' in scope ? eq(phones.orgId, scope.organizationId) : undefined;
}

type NewPhone = { readonly extension: string; readonly displayName: string };

function create({ database, audit }: Parts, by: PhoneEditor, { extension, displayName }: NewPhone): Promise<PhoneCreation> {
  const orgId = by.scope.organizationId;
  return database.inScope(by.scope, async (queries) => {
    // The lock: its deletion is not asked for between the look and the end.
    const [owner] = await queries
      .select({ slug: organizations.slug, deletionRequestedAt: organizations.deletionRequestedAt })
      .from(organizations)
      .where(eq(organizations.id, orgId))
      .for('share');
    if (!owner) return { kind: 'organization_not_found' };
    if (owner.deletionRequestedAt) return { kind: 'deletion_pending' };
    const username = `${extension}-${owner.slug}`;
    const password = makePhonePassword();
    const row = { orgId, id: newId('phone'), extension, username, displayName, digestHa1: digestHa1(username, password) };
    const [phone] = await queries.insert(phones).values(row).onConflictDoNothing().returning(columns);
    if (!phone) return { kind: 'taken' };
    await audit.append(queries, by, { action: 'phone.created', resource: row.id, details: { extension, username, displayName } });
    return { kind: 'created', phone, password };
  });
}

type Renaming = { readonly phoneId: string; readonly displayName: string };

function rename({ database, audit }: Parts, by: PhoneEditor, { phoneId, displayName }: Renaming): Promise<PhoneSummary | null> {
  return database.inScope(by.scope, async (queries) => {
    await checkStays(queries, by.scope);
    const [current] = await queries.select(columns).from(phones).where(isPhone(by, phoneId)).for('no key update');
    if (!current || current.displayName === displayName) return current ?? null;
    const [phone] = await queries
      .update(phones)
      .set({ ...changed, displayName })
      .where(isPhone(by, phoneId))
      .returning(columns);
    if (!phone) return null;
    const details = { displayName, before: current.displayName };
    await audit.append(queries, by, { action: 'phone.renamed', resource: phoneId, details });
    return phone;
  });
}

function resetPassword({ database, audit }: Parts, by: PhoneEditor, phoneId: string): Promise<PhoneWithPassword | null> {
  return database.inScope(by.scope, async (queries) => {
    await checkStays(queries, by.scope);
    const [current] = await queries.select(columns).from(phones).where(isPhone(by, phoneId)).for('no key update');
    if (!current) return null;
    const password = makePhonePassword();
    const [phone] = await queries
      .update(phones)
      .set({ ...changed, digestHa1: digestHa1(current.username, password) })
      .where(isPhone(by, phoneId))
      .returning(columns);
    if (!phone) return null;
    await audit.append(queries, by, { action: 'phone.password_reset', resource: phoneId, details: { username: phone.username } });
    return { phone, password };
  });
}

function remove({ database, audit }: Parts, by: PhoneEditor, phoneId: string): Promise<PhoneSummary | null> {
  return database.inScope(by.scope, async (queries) => {
    await checkStays(queries, by.scope);
    const [removed] = await queries.delete(phones).where(isPhone(by, phoneId)).returning(columns);
    if (!removed) return null;
    const { extension, username, displayName } = removed;
    await audit.append(queries, by, { action: 'phone.removed', resource: phoneId, details: { extension, username, displayName } });
    return removed;
  });
}

function isPhone({ scope }: PhoneEditor, phoneId: string) {
  return and(eq(phones.orgId, scope.organizationId), eq(phones.id, phoneId));
}
