// The office: every store and guard that the routes work with, composed in import order of the features. It knows no call and no socket.
import type { Database } from '#db/client.ts';
import { createAuditTrail } from '#features/access/audit-store.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import { openAccessChanges } from '#features/access/access-changes.ts';
import { createAgentRegistryStore } from '#features/agents/agent-registry-store.ts';
import { createAgentStore } from '#features/agents/agent-store.ts';
import { createAgentVersionStore } from '#features/agents/agent-version-store.ts';
import { createCallerMessageStore } from '#features/agents/caller-message-store.ts';
import { createHttpToolStore } from '#features/agents/http-tool-store.ts';
import { openAdministration } from '#features/appliance/administration.ts';
import { openGlobalStop } from '#features/appliance/global-stop.ts';
import { createGlobalStopStore, GLOBAL_STOP_CHANGES } from '#features/appliance/global-stop-store.ts';
import { createCallAccessStore } from '#features/calls/call-access-store.ts';
import { createCallStore } from '#features/calls/call-store.ts';
import { createChatAgents } from '#features/conversations/chat-agents.ts';
import { createConversationCache } from '#features/conversations/conversation-cache.ts';
import { createConversationStore } from '#features/conversations/conversation-store.ts';
import { createDirectoryStore } from '#features/telephony/directory-store.ts';
import { openDirectorySync } from '#features/telephony/directory-sync.ts';
import { createNumberStore } from '#features/telephony/number-store.ts';
import { createPhoneStore } from '#features/telephony/phone-store.ts';
import { createTrunkStore } from '#features/telephony/trunk-store.ts';
import { createRecordingAuthentication } from '#features/recordings/recording-authentication.ts';
import { createRecordingStore } from '#features/recordings/recording-store.ts';
import type { Embeddings } from '#features/knowledge/knowledge-search-store.ts';
import type { RecordingStorage } from '#ports/recording-storage.ts';
import type { TelephonyDirectory } from '#ports/telephony-directory.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import type { SecretKeys } from '#shared/secret-keys.ts';
import { openAccess } from './access-guards.ts';
import { createAfterCallStores } from './after-calls.ts';
import { createBookingStores } from './booking.ts';
import { openKnowledge } from './knowledge.ts';

/** What the office is told by the composition root. */
export type OfficeConfig = {
  /** SHA-256 of the admin key as it is now, 64 hexadecimal digits; asked at every admin request, so that a rotation needs no restart. */
  readonly adminKeyHash: () => Promise<string>;
  readonly secretKeys: SecretKeys;
  /** Folder of the calls' recordings; null where none are made. */
  readonly recordingsDir: string | null;
  /** Folder of the exports that are made before an organization is deleted. */
  readonly exportsDir: string;
  /** Days that an export is kept, from its making or from its organization's deletion, whichever is later. */
  readonly exportDays: number;
  /** The longest call, ms; no agent may say more. */
  readonly maxCallMs: number;
  /** Where the API is reached from outside, such as `https://centralita.example.com`; null: as the request says. */
  readonly publicUrl: string | null;
  /** Addresses of proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
};

/** Everything that an office is made of. */
export type OfficeParts = {
  readonly config: OfficeConfig;
  readonly database: Database;
  readonly directory: TelephonyDirectory;
  /** Null where no recordings are made. */
  readonly recordings: RecordingStorage | null;
  /** What makes the vectors of documents: the first for new ones, the others where theirs are not replaced yet. */
  readonly embeddings: Embeddings;
  /** Calls of an organization that are up in this process. */
  readonly liveCalls: (organizationId: string) => number;
  readonly clock: Clock;
  readonly log: Log;
};

/** The stores and guards. Disposing it stops what runs in the background. */
export type Office = Awaited<ReturnType<typeof openOffice>>;

export async function openOffice({ config, database, directory, recordings, embeddings, liveCalls, clock, log }: OfficeParts) {
  await using opened = new AsyncDisposableStack();
  const audit = createAuditTrail({ keys: config.secretKeys, clock });
  const keys = config.secretKeys;
  const access = opened.use(openAccess({ config, database, audit, clock, log }));
  const knowledge = opened.use(openKnowledge({ database, audit, embeddings, log }));
  const agents = createAgentStore(database);
  const agentVersions = createAgentVersionStore({ database, audit });
  const agentRegistry = createAgentRegistryStore({ database, audit });
  const httpToolStore = createHttpToolStore({ database, audit, keys });
  const callerMessages = createCallerMessageStore({ database, audit, clock });
  const booking = createBookingStores({ database, audit, clock });
  const numbers = createNumberStore({ database, audit });
  const phones = createPhoneStore({ database, audit });
  const trunks = createTrunkStore({ database, audit, keys });
  const directoryEntries = createDirectoryStore({ database, keys, audit });
  const directorySync = opened.use(openDirectorySync({ directory, entries: directoryEntries, scope: mintApplianceScope(), clock, log }));
  opened.use(openAccessChanges({ database, log, observe: (notification) => directorySync.observe(notification) }));
  const calls = createCallStore(database);
  const callAccess = createCallAccessStore({ database, audit });
  const conversations = createConversationStore({ database, audit });
  const chatAgents = createChatAgents({ agents, agentVersions });
  const afterCalls = createAfterCallStores({ database, audit });
  const recordingStore = createRecordingStore({ database, audit, recordings, clock, log });
  const recordingAuthentication = createRecordingAuthentication({ ...config, clock, recordingStore });
  const administration = opened.use(
    openAdministration({ ...access, config, database, audit, recordingStore, recordings, liveCalls, clock, log }),
  );
  const globalStop = opened.use(await openStop({ database, audit, clock, log }));
  const running = opened.move();
  return {
    ...access,
    ...administration,
    ...knowledge,
    ...afterCalls,
    ...booking,
    config,
    audit,
    globalStop,
    agents,
    agentVersions,
    agentRegistry,
    httpToolStore,
    callerMessages,
    numbers,
    phones,
    trunks,
    directoryEntries,
    directorySync,
    calls,
    callAccess,
    conversations,
    conversationCache: createConversationCache(),
    chatAgents,
    recordings,
    recordingStore,
    recordingAuthentication,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function openStop({ database, audit, clock, log }: Pick<OfficeParts, 'database' | 'clock' | 'log'> & { readonly audit: AuditTrail }) {
  const store = createGlobalStopStore({ database, audit, clock });
  return openGlobalStop({
    store,
    clock,
    log,
    openChanges: (observe) => openAccessChanges({ database, log, channel: GLOBAL_STOP_CHANGES, observe }),
  });
}
