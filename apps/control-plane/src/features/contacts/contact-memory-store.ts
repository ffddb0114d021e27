// Contacts as calls and chats know them, by number: who called, whether they may be remembered, and what is.
import { and, asc, eq, sql } from 'drizzle-orm';
import type { Database, Queries } from '#db/client.ts';
import { contactFacts, contacts } from '#db/schema/contacts.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { ContactConsent, ContactFact, ContactMemory, NewContactFact } from '#ports/contact-memory.ts';
import type { OneOrganization } from '#shared/appliance-scope.ts';
import { newId } from '#shared/id.ts';

/** At most so many facts of one contact: beyond them nothing new is kept, and what is there may still change. */
export const MAX_CONTACT_FACTS = 100;

/** Numbers that are somebody's: not withheld, and not a word in the place of one. */
const CONTACT_NUMBER = /^[+]?[0-9]{3,20}$/;

const factColumns = {
  name: contactFacts.name,
  value: contactFacts.value,
  sourceId: contactFacts.sourceId,
  turns: contactFacts.turns,
  learnedAt: contactFacts.learnedAt,
};

export function createContactMemoryStore({ database, audit }: { database: Database; audit: AuditTrail }): ContactMemory {
  return {
    recall: (scope, number) =>
      database.inOrg(scope, async (queries) => {
        const [contact] = await queries
          .select({ id: contacts.id, consent: contacts.consent })
          .from(contacts)
          .where(isNumber(scope, number));
        if (!contact) return { consent: 'unknown', facts: [] };
        return { consent: contact.consent, facts: await readFacts(queries, scope, contact.id) };
      }),
    setConsent: (scope, { number, consent, conversationId }) =>
      database.inOrg(scope, async (queries) => {
        const contactId = await noteContact(queries, scope, { number, seenAt: new Date() });
        if (contactId === null) return;
        const actor = { kind: 'job', name: 'conversation', address: null, requestId: null } as const;
        await writeConsent(queries, scope, { contactId, consent, source: conversationId });
        await audit.append(queries, { scope, actor }, { action: 'contact.consent_changed', resource: contactId, details: { consent } });
      }),
    remember: (scope, { number, conversationId, facts }) =>
      database.inOrg(scope, (queries) => rememberFacts(queries, scope, { number, sourceId: conversationId, facts, learnedAt: new Date() })),
  };
}

/** Notes that somebody with this number was there. Returns the contact's id, and null for a number that is withheld. */
export async function noteContact(
  queries: Queries,
  { organizationId }: OneOrganization,
  { number, seenAt }: { number: string; seenAt: Date },
): Promise<string | null> {
  if (!CONTACT_NUMBER.test(number)) return null;
  const [contact] = await queries
    .insert(contacts)
    .values({ orgId: organizationId, id: newId('contact'), number, lastSeenAt: seenAt })
    .onConflictDoUpdate({
      target: [contacts.orgId, contacts.number],
      set: { lastSeenAt: sql`greatest(${contacts.lastSeenAt}, excluded.last_seen_at)` },
    })
    .returning({ id: contacts.id });
  return contact?.id ?? null;
}

type Learned = {
  readonly number: string;
  readonly sourceId: string;
  readonly facts: readonly NewContactFact[];
  readonly learnedAt: Date;
};

/** Keeps facts in a transaction of the organization, if the contact has consented. What is older than what is known is left out. */
export async function rememberFacts(queries: Queries, scope: OneOrganization, learned: Learned): Promise<'remembered' | 'no_consent'> {
  const { number, sourceId, facts, learnedAt } = learned;
  // Locked: a refusal that comes at the same time waits and takes these facts away too, or comes first.
  const [contact] = await queries
    .select({ id: contacts.id, consent: contacts.consent })
    .from(contacts)
    .where(isNumber(scope, number))
    .for('update');
  if (contact?.consent !== 'granted') return 'no_consent';
  const known = new Set((await readFacts(queries, scope, contact.id)).map(({ name }) => name));
  for (const { name, value, turns } of facts) {
    if (!known.has(name) && known.size >= MAX_CONTACT_FACTS) continue;
    known.add(name);
    const row = { value, sourceId, turns: [...turns], learnedAt };
    await queries
      .insert(contactFacts)
      .values({ orgId: scope.organizationId, contactId: contact.id, name, ...row })
      .onConflictDoUpdate({
        target: [contactFacts.orgId, contactFacts.contactId, contactFacts.name],
        set: row,
        setWhere: sql`${contactFacts.learnedAt} <= excluded.learned_at`,
      });
  }
  return 'remembered';
}

/** Writes consent and, without it, forgets. False when there is no such contact. */
export async function writeConsent(
  queries: Queries,
  { organizationId }: OneOrganization,
  { contactId, consent, source }: { contactId: string; consent: Exclude<ContactConsent, 'unknown'>; source: string },
): Promise<boolean> {
  const changed = await queries
    .update(contacts)
    .set({ consent, consentAt: sql`now()`, consentSource: source })
    .where(and(eq(contacts.orgId, organizationId), eq(contacts.id, contactId)))
    .returning({ id: contacts.id });
  if (consent === 'refused')
    await queries.delete(contactFacts).where(and(eq(contactFacts.orgId, organizationId), eq(contactFacts.contactId, contactId)));
  return changed.length > 0;
}

/** What is known of a contact, by name. */
export function readFacts(queries: Queries, { organizationId }: OneOrganization, contactId: string): Promise<ContactFact[]> {
  return queries
    .select(factColumns)
    .from(contactFacts)
    .where(and(eq(contactFacts.orgId, organizationId), eq(contactFacts.contactId, contactId)))
    .orderBy(asc(contactFacts.name));
}

function isNumber({ organizationId }: OneOrganization, number: string) {
  return and(eq(contacts.orgId, organizationId), eq(contacts.number, number));
}
