/** Rows of the list of failure modes that this suite does not try, and why. */
import type { FaultNotHere } from './fault.ts';

const missing = 'the product does not have it yet';

export const faultsNotHere: readonly FaultNotHere[] = [
  { row: 11, fault: 'a model file is corrupt', notHere: 'the tests of models: put aside, and the one before it stays' },
  { row: 12, fault: 'a model’s download is cut', notHere: 'the tests of models: goes on where it stopped' },
  {
    row: 26,
    fault: 'loss, jitter and reordering on the line',
    notHere: 'needs a relay of UDP between telephone and Asterisk; figures of loss are in the tests of call quality',
  },
  { row: 27, fault: 'sound in one direction alone', notHere: 'the telephone in software always sends; a telephone that stops is row 29' },
  { row: 33, fault: 'SIP over TCP, half a message', notHere: 'the rig’s Asterisk listens on UDP alone' },
  { row: 39, fault: 'summer time in a calling window', notHere: `${missing}: campaigns` },
  { row: 40, fault: 'a campaign of 100,000 and a crash', notHere: `${missing}: campaigns` },
  { row: 41, fault: 'two dialers, one campaign', notHere: `${missing}: campaigns` },
  { row: 42, fault: 'a refusal that comes while a call is queued', notHere: `${missing}: campaigns` },
  { row: 43, fault: 'too many abandoned calls', notHere: `${missing}: campaigns` },
  { row: 44, fault: 'the queue of jobs is full', notHere: 'needs 100,000 jobs; the tests of the job queue bound it' },
  {
    row: 45,
    fault: 'a job that always fails',
    notHere: 'jobs are the product’s own, none can be made bad from outside; the tests of the job worker',
  },
  { row: 46, fault: 'webhooks of others, twice and out of order', notHere: `${missing}: messages` },
  { row: 47, fault: 'a forged webhook', notHere: `${missing}: messages` },
  { row: 49, fault: 'the registry is away for days', notHere: 'the database tests of the registry' },
  { row: 50, fault: 'the registry sends poison', notHere: 'the database tests of the registry' },
  { row: 51, fault: 'a token rotated under load', notHere: 'proof:revocation' },
  { row: 53, fault: 'the admin key is lost', notHere: 'the tests of the command line' },
  { row: 55, fault: 'an upgrade that is not healthy', notHere: 'proof:upgrade' },
  { row: 56, fault: 'a release older than its database', notHere: 'proof:upgrade: a rollback restores the database of its release' },
  { row: 61, fault: 'requests to private addresses through a tool', notHere: 'proof:injection' },
  { row: 62, fault: 'orders in documents and in callers’ words', notHere: 'proof:injection' },
  { row: 63, fault: 'documents of another organization', notHere: 'proof:isolation' },
  { row: 67, fault: 'a leak of memory', notHere: 'needs hours: npm run soak' },
  { row: 70, fault: 'the balancer dies', notHere: `${missing}: fleet` },
];
