// What the callers of a process that died cannot wait for: made of few modules, because loading all of them takes seconds on a busy machine.
import { openAsterisk } from '#adapters/asterisk/asterisk.ts';
import { lateObserver } from '#adapters/asterisk/observed-ari.ts';
import type { AsteriskObserver } from '#adapters/asterisk/observed-ari.ts';
import { openAnnouncements } from '#adapters/disk/announcement-store.ts';
import type { Heartbeat } from '#adapters/disk/heartbeat.ts';
import { startHeartbeat } from '#adapters/disk/heartbeat.ts';
import type { AnnouncementStore } from '#ports/announcement-store.ts';
import { systemClock } from '#shared/clock.ts';
import { openLog } from '#shared/log.ts';
import type { ProcessLog } from '#shared/log.ts';
import { loadConfig } from './config.ts';
import type { Config, Environment } from './config.ts';
import { withSecretFiles } from './secret-variables.ts';

/** Languages in which the provisioner makes announcements. */
const ANNOUNCEMENT_LANGUAGES = ['es', 'en'];

/** The telephone system, connected, with the callers of the last process in its hands. */
export type EarlyCalls = {
  readonly config: Config;
  readonly log: ProcessLog;
  readonly callControl: Awaited<ReturnType<typeof openAsterisk>>;
  readonly announcements: AnnouncementStore;
  readonly heartbeat: Pick<Heartbeat, 'stoodStillMs' | 'clockJumps'>;
  /** Who is told of the telephone system, once there is somebody. */
  observe(observer: AsteriskObserver): void;
};

/** Waits for the telephone system for as long as `signal` allows, and gives callers who are still there their sound back. */
export async function openEarlyCalls(environment: Environment, signal: AbortSignal): Promise<EarlyCalls> {
  const config = loadConfig(withSecretFiles(environment));
  const log = openLog({ ...config.log, service: 'control-plane', serverId: config.serverId });
  const heartbeat = await startHeartbeat({ folder: config.stateDir, log });
  const announcements = await openAnnouncements({ folder: config.announcementsDir, languages: ANNOUNCEMENT_LANGUAGES, log });
  log.info({ asterisk: config.asterisk.url }, 'waiting for the telephone system');
  const { observer, observe } = lateObserver();
  const rescue = { lastAliveAt: heartbeat.lastAliveAt, words: (language: string) => announcements.find('resume', language) };
  const nowMs = () => systemClock.nowMs();
  const callControl = await openAsterisk({ ...config.asterisk, log, nowMs, signal, observer, rescue });
  log.info({ sinceStartMs: Math.round(performance.now()) }, 'connected to the telephone system');
  return { config, log, callControl, announcements, heartbeat, observe };
}
