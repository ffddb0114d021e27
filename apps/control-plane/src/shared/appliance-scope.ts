// Proof that somebody acts for the whole appliance: its admin, or the process itself at start.

declare const minted: unique symbol;

/** The right to see every organization's rows. A store function says by its type whether it accepts one. */
export type ApplianceScope = { readonly kind: 'appliance'; readonly [minted]: true };

/** Mints a scope. Called by the admin key's check, by the start of the process and by the commands of the box. */
export function mintApplianceScope(): ApplianceScope {
  return { kind: 'appliance' } as ApplianceScope;
}
