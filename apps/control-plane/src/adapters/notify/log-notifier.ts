// Alerts into the log: the channel that is always there, for whoever reads the log anyway.
import type { Notifier } from '#ports/notifier.ts';
import type { Log } from '#shared/log.ts';

/** Writes alerts as warnings, critical ones as errors. */
export function createLogNotifier(log: Log): Notifier {
  return {
    channel: 'log',
    async send({ at, ...alert }) {
      const fields = { alert: { ...alert, at: at.toISOString() } };
      if (alert.severity === 'critical') log.error(fields, 'alert for the administrator');
      else log.warn(fields, 'alert for the administrator');
    },
  };
}
