// What an agent may know of a caller from before: facts that outlive a call, kept only with the caller's consent.
import type { OrgScope } from '#shared/org-scope.ts';

/** Whether facts may be kept; `unknown`, until somebody says so, is treated as no. */
export type ContactConsent = 'unknown' | 'granted' | 'refused';

/** One thing that is known of a contact. Personal data. */
export type ContactFact = {
  /** Unique within the contact: a newer fact of the same name takes the place of this one. */
  readonly name: string;
  readonly value: string | number | boolean;
  /** The call or chat that it was said in. */
  readonly sourceId: string;
  /** Numbers of the turns that show it. */
  readonly turns: readonly number[];
  readonly learnedAt: Date;
};

/** What is to be remembered. */
export type NewContactFact = Pick<ContactFact, 'name' | 'value' | 'turns'>;

/** The memory of an organization's contacts, by their number. */
export type ContactMemory = {
  /** What is known of whoever has this number: `unknown` and nothing for one that never called. */
  recall(scope: OrgScope, number: string): Promise<{ readonly consent: ContactConsent; readonly facts: readonly ContactFact[] }>;
  /** Writes down what the caller said about being remembered. A refusal forgets every fact at once. */
  setConsent(
    scope: OrgScope,
    said: { readonly number: string; readonly consent: 'granted' | 'refused'; readonly conversationId: string },
  ): Promise<void>;
  /** Keeps facts of a contact who has consented; of anybody else nothing is kept. */
  remember(
    scope: OrgScope,
    learned: { readonly number: string; readonly conversationId: string; readonly facts: readonly NewContactFact[] },
  ): Promise<'remembered' | 'no_consent'>;
};
