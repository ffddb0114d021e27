/** Checks of what is installed: its files, its services, a call through them, and whether it could be brought back. */
import { describeRunningLimit } from '#sizing/running-limits.ts';
import type { RunningLimit } from '#sizing/running-limits.ts';
import type { ApplianceSeen } from './appliance-seen.ts';
import { fail, pass, warn } from './check.ts';
import type { Check, CheckGroup, Finding } from './check.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A rehearsal is made by itself each week: after two the timer is broken. */
const REHEARSAL_DAYS = 14;
/** A backup is made by itself each day; two hours for a slow one. */
const BACKUP_HOURS = 26;
/** Time to renew by hand where the renewal by itself broke. */
const CERTIFICATE_DAYS = 14;
const INSTALL = './provision.sh';
const FILES_FIX =
  'raise the hard limit of whatever starts it (LimitNOFILE of a unit, --ulimit nofile of a container), then ./provision.sh stop && ./provision.sh start';
const CONNECTIONS_FIX = './provision.sh renders the configuration and restarts the database';
const READ_FIRST = 'put right what "settings and secrets" names, then run the doctor again';

/** Of files that both runtimes have. */
export const FILE_CHECKS: CheckGroup<ApplianceSeen> = {
  name: 'files',
  checks: [
    {
      name: 'settings and secrets',
      judge: ({ readingFault, home }) =>
        readingFault === null
          ? pass('can be read')
          : fail(readingFault, `correct the file named, or restore it from a backup; it lies below ${home}`),
    },
    { name: 'who may read the secrets', judge: judgeModes },
  ],
};

const certificateCheck: Check<ApplianceSeen> = { name: 'certificate', judge: judgeCertificate };

const serviceChecks: CheckGroup<ApplianceSeen> = {
  name: 'services',
  checks: [
    {
      name: 'installation',
      judge: ({ isInstalled, readingFault, home }) => {
        if (readingFault !== null) return fail('not judged: settings or secrets cannot be read', READ_FIRST);
        return isInstalled ? pass(home) : fail(`nothing is installed in ${home}`, INSTALL);
      },
    },
    { name: 'services', judge: judgeServices },
    { name: 'open files', judge: ({ limits }) => judgeLimits(limits, { kind: 'files', fix: FILES_FIX }) },
    { name: 'database connections', judge: ({ limits }) => judgeLimits(limits, { kind: 'connections', fix: CONNECTIONS_FIX }) },
    { name: 'as it should be', judge: judgeDrift },
    certificateCheck,
  ],
};

/** The same words in every runtime. */
export const testCallCheck: Check<Pick<ApplianceSeen, 'testCall'>> = {
  name: 'test call',
  judge: ({ testCall }) => {
    switch (testCall.kind) {
      case 'passed':
        return pass(`answered and heard in ${(testCall.ms / 1000).toFixed(1)} s: "${testCall.heard[0] ?? ''}"`);
      case 'failed':
        return fail(testCall.reason, 'provision.sh logs asterisk; provision.sh logs control-plane; then run the doctor again');
      case 'not_possible':
        return fail(testCall.reason, testCall.fix);
      case 'not_asked':
        return testCall.lastPassedAt === null
          ? warn('never placed', 'run the doctor without --no-call')
          : pass(`not placed now; passed ${testCall.lastPassedAt}`);
    }
  },
};

const capacityCheck: Check<ApplianceSeen> = { name: 'measured capacity', judge: judgeCalibration };
const recovery: readonly Check<ApplianceSeen>[] = [
  { name: 'backup', judge: judgeBackup },
  { name: 'restore rehearsal', judge: judgeRehearsal },
];

/** What is asked of an installation in containers as natively, besides its files. */
export const CARE_CHECKS: CheckGroup<ApplianceSeen> = {
  name: 'care',
  checks: [capacityCheck, certificateCheck, ...recovery],
};

const recoveryChecks: CheckGroup<ApplianceSeen> = {
  name: 'calls and recovery',
  checks: [testCallCheck, capacityCheck, ...recovery],
};

export const APPLIANCE_CHECKS: readonly CheckGroup<ApplianceSeen>[] = [FILE_CHECKS, serviceChecks, recoveryChecks];

function judgeModes({ files }: ApplianceSeen): Finding {
  const unreadable = files.find(({ fault }) => fault !== null);
  if (unreadable) return fail(`${unreadable.path}: ${unreadable.fault}`, 'run the doctor as root');
  const wide = files.filter(({ mode, widestMode }) => mode !== null && (mode & ~widestMode) !== 0);
  if (wide.length > 0)
    return fail(
      wide.map(({ path, mode }) => `${path} has mode ${octal(mode ?? 0)}`).join('; '),
      wide.map(({ path, widestMode }) => `chmod ${octal(widestMode)} ${path}`).join(' && '),
    );
  const present = files.filter(({ mode }) => mode !== null);
  return pass(present.length === 0 ? 'there are none yet' : `${present.length} files, each closed to others`);
}

function judgeServices({ services, readingFault }: ApplianceSeen): Finding {
  if (readingFault !== null) return fail('not judged: settings or secrets cannot be read', READ_FIRST);
  if (services.length === 0) return fail('none', INSTALL);
  const silent = services.filter(({ fault }) => fault !== null);
  const first = silent[0];
  if (first === undefined) return pass(services.map(({ name }) => name).join(', '));
  return fail(
    silent.map(({ name, fault }) => `${name}: ${fault}`).join('; '),
    `./provision.sh start; ./provision.sh logs ${first.name} says why it ended`,
  );
}

/** Lower than the calls ask for: a call beyond them finds no socket or no connection. */
export function judgeLimits(
  limits: readonly RunningLimit[],
  { kind, fix }: { readonly kind: RunningLimit['kind']; readonly fix: string },
): Finding {
  const found = limits.filter((limit) => limit.kind === kind);
  const low = found.filter(({ running, planned }) => running < planned);
  if (found.length === 0) return pass('not seen: nothing of it runs');
  if (low.length === 0) return pass(found.map(describeRunningLimit).join('; '));
  return warn(low.map(describeRunningLimit).join('; '), fix);
}

function judgeDrift({ changes, isInstalled, readingFault }: ApplianceSeen): Finding {
  if (readingFault !== null) return fail('not judged: settings or secrets cannot be read', READ_FIRST);
  if (!isInstalled) return fail('nothing is installed that could be compared', INSTALL);
  const [first] = changes;
  if (first === undefined) return pass('a run would change nothing');
  return warn(`a run would change ${changes.length} things, such as: ${first}`, './provision.sh (--plan first says what it would do)');
}

function judgeCalibration({ calibratedAt }: ApplianceSeen): Finding {
  return calibratedAt === null
    ? warn('calls are admitted by planning figures: this machine was never measured', './provision.sh calibrate')
    : pass(`measured ${calibratedAt}`);
}

function judgeBackup({ lastBackupAt, now }: ApplianceSeen): Finding {
  if (lastBackupAt === null) return warn('there is none', './provision.sh --backup');
  const hours = Math.floor((now.getTime() - Date.parse(lastBackupAt)) / HOUR_MS);
  return hours > BACKUP_HOURS
    ? warn(
        `the last one is ${hours} hours old`,
        './provision.sh logs backup (in containers: journalctl -u centralita-backup) says why; then ./provision.sh --backup',
      )
    : pass(lastBackupAt);
}

function judgeRehearsal({ restoreRehearsal, now }: ApplianceSeen): Finding {
  const fix = './provision.sh --backup --rehearse';
  if (restoreRehearsal === null) return warn('no backup was ever restored to try it', fix);
  if (!restoreRehearsal.ok) return fail(`the rehearsal of ${restoreRehearsal.at} failed`, fix);
  const days = Math.floor((now.getTime() - Date.parse(restoreRehearsal.at)) / DAY_MS);
  return days > REHEARSAL_DAYS ? warn(`the last rehearsal is ${days} days old`, fix) : pass(`passed ${restoreRehearsal.at}`);
}

function judgeCertificate({ certificate, now }: ApplianceSeen): Finding {
  const fix = 'renew it at the proxy that PUBLIC_URL names (certbot renew), and see that its timer runs';
  switch (certificate.kind) {
    case 'none':
      return pass(certificate.why);
    case 'broken':
      return fail(`${certificate.host}: ${certificate.reason}`, fix);
    case 'shown': {
      const days = Math.floor((certificate.validUntil.getTime() - now.getTime()) / DAY_MS);
      const said = `${certificate.host}: valid until ${certificate.validUntil.toISOString().slice(0, 10)}`;
      if (days < 0) return fail(`${said}: expired`, fix);
      return days < CERTIFICATE_DAYS ? warn(`${said}, ${days} days`, fix) : pass(said);
    }
  }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
