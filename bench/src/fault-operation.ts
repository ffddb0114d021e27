/** Faults of how the appliance is set up and watched: migrations, settings, alerts. */
import { createHmac } from 'node:crypto';
import { callersOwnEnd, fault, must } from './fault.ts';
import type { Fault } from './fault.ts';
import { converse, greeted } from './fault-talk.ts';
import { WEBHOOK_SECRET } from './fault-world.ts';
import type { FaultWorld } from './fault-world.ts';

export const operationFaults: readonly Fault[] = [
  fault({
    name: 'migrations-started-twice',
    row: 54,
    fault: 'two migrations at the same time',
    injection: 'three processes that migrate, beside a live call',
    expected: 'all end well, none does it twice, the call goes on',
    metric: callersOwnEnd.metric,
    cause: /^the database has the schema of this release$/,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'model');
      const differing = { DATABASE_MIGRATION_URL: world.migrationUrl };
      const runs = await Promise.all([1, 2, 3].map(() => world.runAsControlPlane(['main.ts', 'migrate'], differing)));
      for (const { output } of runs) trial.print(output);
      return { call, runs };
    },
    async expect(world, _trial, { call, runs }) {
      for (const { exitCode, output } of runs) must(exitCode === 0, `a migration ended with ${exitCode}: ${output.slice(-300)}`);
      await converse(world, call);
    },
  }),
  fault({
    name: 'settings-wrong',
    row: 57,
    fault: 'the control plane is started with a broken environment',
    injection: 'three wrong variables, beside a live call',
    expected: 'exit 78 with each variable named, and nothing of the running one is touched',
    metric: callersOwnEnd.metric,
    cause: /HTTP_PORT/,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'model');
      const wrong = { HTTP_PORT: 'eighty', DATABASE_URL: 'nowhere', MAX_CONCURRENT_CALLS: '-3' };
      const run = await world.runAsControlPlane(['boot.ts'], wrong);
      trial.print(run.output);
      return { call, wrong, run };
    },
    async expect(world, _trial, { call, wrong, run }) {
      must(run.exitCode === 78, `it ended with ${run.exitCode}`);
      for (const name of Object.keys(wrong)) must(run.output.includes(name), `${name} is not named: ${run.output.slice(0, 300)}`);
      await converse(world, call);
    },
  }),
  fault({
    name: 'receiver-of-alerts-down',
    row: 48,
    fault: 'the administrator’s webhook fails',
    injection: 'a global stop while the receiver answers 500, which is well again later',
    expected: 'tried again, delivered with a good signature; calls are refused meanwhile and taken after the resume',
    metric: /^centralita_(notifications_total|global_stop)/,
    cause: /an alert did not arrive|an alert for the administrator did not arrive/,
    limitMs: 120_000,
    async inject(world, trial) {
      world.receiver.mood = 500;
      const stopped = await world.asAdmin('/admin/global-stop', { method: 'POST', body: { reason: 'fault suite' } });
      must(stopped.status === 200, `the stop was answered ${stopped.status}`);
      await trial.until('the receiver was asked', async () => world.receiver.requests.length > 0, 30_000);
      const call = await world.place(trial, 'model');
      const outcome = await call.outcome;
      must(outcome.kind === 'rejected', `a call during the stop: ${outcome.kind}`);
      world.receiver.mood = 200;
    },
    async expect(world, trial) {
      const asked = world.receiver.requests.length;
      await trial.until('the alert arrives', async () => world.receiver.requests.length > asked, 60_000);
      const request = world.receiver.requests.at(-1);
      must(request !== undefined && isSigned(request), 'the signature is not good');
    },
    async repair(world) {
      await world.asAdmin('/admin/global-stop/resume', { method: 'POST', body: {} });
    },
  }),
];

/** As Standard Webhooks says. */
function isSigned({ body, headers }: FaultWorld['receiver']['requests'][number]): boolean {
  const key = Buffer.from(WEBHOOK_SECRET.slice('whsec_'.length), 'base64');
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
  return String(headers['webhook-signature']).includes(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
}
