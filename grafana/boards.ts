// Every board, in the order in which they are listed.
import { api } from '#grafana/boards/api.ts';
import { capacity } from '#grafana/boards/capacity.ts';
import { fleet } from '#grafana/boards/fleet.ts';
import { host } from '#grafana/boards/host.ts';
import { inference } from '#grafana/boards/inference.ts';
import { overview } from '#grafana/boards/overview.ts';
import { telephony } from '#grafana/boards/telephony.ts';
import { turnLatency } from '#grafana/boards/turn-latency.ts';
import type { Board } from './dashboard.ts';

export const boards: readonly Board[] = [overview, capacity, turnLatency, inference, telephony, api, host, fleet];

/** Name of a board's file. */
export function boardFile({ uid }: Board): string {
  return `${uid.replace('centralita-', '')}.json`;
}
