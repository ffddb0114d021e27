// The third authentication beside the admin key and tokens: a signed link stands for its organization, for one recording, for minutes.
import type { SecretKeys } from '#shared/secret-keys.ts';
import type { Clock } from '#shared/clock.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import type { RecordingStore } from './recording-store.ts';
import type { PresentedLink, RecordingGrant } from './recording-url.ts';
import { verifyRecordingLink } from './recording-url.ts';

/** What a link that is good opens. */
export type LinkedRecording = { readonly scope: OrgScope; readonly grant: RecordingGrant; readonly path: string };

export type RecordingAuthentication = {
  /** Null for every link that opens nothing now, for whatever reason. */
  authenticate(link: PresentedLink): Promise<LinkedRecording | null>;
};

export function createRecordingAuthentication(parts: {
  secretKeys: SecretKeys;
  clock: Clock;
  recordingStore: RecordingStore;
}): RecordingAuthentication {
  const { secretKeys, clock, recordingStore } = parts;
  return {
    async authenticate(link) {
      const grant = verifyRecordingLink(secretKeys, link, clock.wallAt());
      if (!grant) return null;
      // The organization is the one that our own signature names.
      const scope = mintOrgScope(grant.organizationId);
      const path = await recordingStore.findGranted(scope, grant);
      return path === null ? null : { scope, grant, path };
    },
  };
}
