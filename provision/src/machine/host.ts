/** How a machine is set up, beyond what it is: what the checks judge and the sizing need not know. Types only. */
import type { Known } from './hardware.ts';
import type { Listener } from './listeners.ts';
import type { ProbeReport } from './probe.ts';

/** How a board is driven. */
export type BoardState = {
  readonly uuid: string;
  readonly isPersistent: boolean | null;
  readonly powerLimitW: number | null;
  readonly powerDefaultW: number | null;
};

export type Host = {
  readonly cgroupVersion: 1 | 2 | null;
  readonly timezone: string | null;
  readonly entropyBits: number | null;
  /** Way out of the machine; null where there is no default route. */
  readonly wayOut: { readonly interface: string; readonly mtuBytes: number | null } | null;
  readonly nameservers: readonly string[];
  readonly proxy: string | null;
  readonly hasUserNamespaces: boolean | null;
  readonly firewall: 'ufw' | 'firewalld' | 'none';
  readonly selinux: 'enforcing' | 'permissive' | null;
  readonly hasAppArmor: boolean;
  readonly hasUnattendedUpgrades: boolean;
  readonly isHomeReadOnly: boolean;
  /** Kinds of the driver's complaints (Xid) since the machine started. */
  readonly xids: Known<readonly number[]>;
  readonly boards: readonly BoardState[];
  /** Those of the appliance's ports that somebody listens on. */
  readonly listeners: readonly Listener[];
  readonly probes: readonly ProbeReport[];
};
