/** All faults, in the order in which they are tried: the cheap ones first, those that take the whole rig down last. */
import type { Fault } from './fault.ts';
import { apiFaults } from './fault-api.ts';
import { callerFaults } from './fault-callers.ts';
import { databaseFaults } from './fault-database.ts';
import { inferenceFaults } from './fault-inference.ts';
import { machineFaults } from './fault-machine.ts';
import { operationFaults } from './fault-operation.ts';
import { processFaults } from './fault-process.ts';
import { telephonyFaults } from './fault-telephony.ts';
import { toolFaults } from './fault-tools.ts';

export const faults: readonly Fault[] = [
  ...apiFaults,
  ...callerFaults,
  ...toolFaults,
  ...inferenceFaults,
  ...databaseFaults,
  ...telephonyFaults,
  ...operationFaults,
  ...machineFaults,
  ...processFaults,
];
