// Contacts as their organization reads and erases them.
import { and, asc, eq, gt } from 'drizzle-orm';
import type { Database } from '#db/client.ts';
import { contacts } from '#db/schema/contacts.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { ContactConsent, ContactFact } from '#ports/contact-memory.ts';
import type { Actor } from '#shared/actor.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import { readFacts, writeConsent } from './contact-memory-store.ts';

/** A contact in a list. `number` is personal data. */
export type ContactSummary = {
  readonly contactId: string;
  readonly number: string;
  readonly consent: ContactConsent;
  readonly consentAt: Date | null;
  readonly consentSource: string | null;
  readonly createdAt: Date;
  readonly lastSeenAt: Date;
};
/** A contact with what is remembered. */
export type ContactDetails = ContactSummary & { readonly facts: readonly ContactFact[] };

/** Who changes a contact of which organization. */
export type ContactEditor = { readonly scope: OrgScope; readonly actor: Actor };

export type ContactStore = {
  /** Contacts by their ids, which is by when they first called, at most `limit`, those after `after` only; or the one with `number`. */
  list(scope: OrgScope, page: { limit: number; after: string | null; number: string | undefined }): Promise<ContactSummary[]>;
  /** Null when there is no such contact, or it is another organization's. */
  find(scope: OrgScope, contactId: string): Promise<ContactDetails | null>;
  /** A refusal forgets every fact at once. Null when there is no such contact. */
  setConsent(by: ContactEditor, contactId: string, consent: 'granted' | 'refused'): Promise<ContactDetails | null>;
  /** Erases a contact and all that is remembered. False when there is no such contact. */
  remove(by: ContactEditor, contactId: string): Promise<boolean>;
};

const columns = {
  contactId: contacts.id,
  number: contacts.number,
  consent: contacts.consent,
  consentAt: contacts.consentAt,
  consentSource: contacts.consentSource,
  createdAt: contacts.createdAt,
  lastSeenAt: contacts.lastSeenAt,
};

export function createContactStore({ database, audit }: { database: Database; audit: AuditTrail }): ContactStore {
  const find: ContactStore['find'] = (scope, contactId) =>
    database.inOrg(scope, async (queries) => {
      const [contact] = await queries.select(columns).from(contacts).where(isContact(scope, contactId));
      return contact ? { ...contact, facts: await readFacts(queries, scope, contactId) } : null;
    });
  return {
    find,
    list: (scope, { limit, after, number }) =>
      database.inOrg(scope, (queries) =>
        queries
          .select(columns)
          .from(contacts)
          .where(
            and(
              eq(contacts.orgId, scope.organizationId),
              after === null ? undefined : gt(contacts.id, after),
              number === undefined ? undefined : eq(contacts.number, number),
            ),
          )
          .orderBy(asc(contacts.id))
          .limit(limit),
      ),
    async setConsent(by, contactId, consent) {
      const isThere = await database.inOrg(by.scope, async (queries) => {
        if (!(await writeConsent(queries, by.scope, { contactId, consent, source: by.actor.name }))) return false;
        // The number stays out of the log, which outlives it.
        await audit.append(queries, by, { action: 'contact.consent_changed', resource: contactId, details: { consent } });
        return true;
      });
      return isThere ? find(by.scope, contactId) : null;
    },
    remove: (by, contactId) =>
      database.inOrg(by.scope, async (queries) => {
        const removed = await queries.delete(contacts).where(isContact(by.scope, contactId)).returning({ id: contacts.id });
        if (removed.length === 0) return false;
        await audit.append(queries, by, { action: 'contact.erased', resource: contactId });
        return true;
      }),
  };
}

function isContact({ organizationId }: OrgScope, contactId: string) {
  return and(eq(contacts.orgId, organizationId), eq(contacts.id, contactId));
}
