/** What the checks of a machine judge: everything that can be seen before anything is installed. Types only. */
import type { Hardware } from '#machine/hardware.ts';
import type { Host } from '#machine/host.ts';
import type { PortKind } from '#machine/listeners.ts';

/** A port that the appliance uses, and the setting that moves it. */
export type WantedPort = { readonly setting: string; readonly port: number; readonly kind: PortKind };

export type MachineSeen = {
  readonly home: string;
  readonly hardware: Hardware;
  readonly host: Host;
  /** Whether something of ours is installed: then its own services hold its ports, and its disk is already filled. */
  readonly isInstalled: boolean;
  readonly ports: readonly WantedPort[];
  readonly rtp: { readonly first: number; readonly last: number };
  readonly network: { readonly externalAddress: string; readonly localNetworks: string };
  /** What the appliance will reach beyond this machine, by the setting that names it, and how the attempt ended; null: not tried. */
  readonly outside: readonly { readonly setting: string; readonly host: string; readonly fault: string | null }[] | null;
};
