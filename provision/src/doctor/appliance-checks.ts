/** Checks of what is installed: its files, its services, a call through them, and whether it could be brought back. */
import type { ApplianceSeen } from './appliance-seen.ts';
import { fail, pass, warn } from './check.ts';
import type { Check, CheckGroup, Finding } from './check.ts';

const DAY_MS = 86_400_000;
/** A copy that nobody has restored for a quarter is a hope. */
const REHEARSAL_DAYS = 90;
/** Time to renew by hand where the renewal by itself broke. */
const CERTIFICATE_DAYS = 14;
const INSTALL = './provision.sh';

const fileChecks: CheckGroup<ApplianceSeen> = {
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

const serviceChecks: CheckGroup<ApplianceSeen> = {
  name: 'services',
  checks: [
    {
      name: 'installation',
      judge: ({ isInstalled, home }) => (isInstalled ? pass(home) : fail(`nothing is installed in ${home}`, INSTALL)),
    },
    { name: 'services', judge: judgeServices },
    { name: 'certificate', judge: judgeCertificate },
  ],
};

const testCallCheck: Check<ApplianceSeen> = {
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

const recoveryChecks: CheckGroup<ApplianceSeen> = {
  name: 'calls and recovery',
  checks: [testCallCheck, { name: 'restore rehearsal', judge: judgeRehearsal }],
};

export const APPLIANCE_CHECKS: readonly CheckGroup<ApplianceSeen>[] = [fileChecks, serviceChecks, recoveryChecks];

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

function judgeServices({ services }: ApplianceSeen): Finding {
  if (services.length === 0) return fail('none', INSTALL);
  const silent = services.filter(({ fault }) => fault !== null);
  const first = silent[0];
  if (first === undefined) return pass(services.map(({ name }) => name).join(', '));
  return fail(
    silent.map(({ name, fault }) => `${name}: ${fault}`).join('; '),
    `./provision.sh start; ./provision.sh logs ${first.name} says why it ended`,
  );
}

function judgeRehearsal({ restoreRehearsal, now }: ApplianceSeen): Finding {
  const fix = './provision.sh --backup, then ./provision.sh --restore FILE into a spare CENTRALITA_HOME';
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
