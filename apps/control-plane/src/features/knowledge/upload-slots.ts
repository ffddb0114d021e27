// How many uploads may be under way: each holds its file in memory until it is stored.

/** A place that is held until it is disposed. */
export type UploadSlot = Disposable;
export type UploadSlots = {
  /** `own`: the organization has as many as it may; `all`: the appliance has. */
  take(
    organizationId: string,
  ): { readonly kind: 'taken'; readonly slot: UploadSlot } | { readonly kind: 'full'; readonly whose: 'own' | 'all' };
};

/** All together 8 files of 25 MiB; one organization cannot take the places of the others. */
const MAX_UPLOADS = { all: 8, own: 2 };

export function createUploadSlots(max: { readonly all: number; readonly own: number } = MAX_UPLOADS): UploadSlots {
  const held = new Map<string, number>();
  let all = 0;
  return {
    take(organizationId) {
      const own = held.get(organizationId) ?? 0;
      if (own >= max.own) return { kind: 'full', whose: 'own' };
      if (all >= max.all) return { kind: 'full', whose: 'all' };
      all += 1;
      held.set(organizationId, own + 1);
      const free = (): void => {
        all -= 1;
        const left = (held.get(organizationId) ?? 1) - 1;
        if (left === 0) held.delete(organizationId);
        else held.set(organizationId, left);
      };
      return { kind: 'taken', slot: { [Symbol.dispose]: free } };
    },
  };
}
