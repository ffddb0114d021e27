// The two tables that a call reads, as constants.
import type { AnnouncementStore } from '#ports/announcement-store.ts';
import type { CallRoute, CallRouting } from '#ports/call-routing.ts';

/** Routes the numbers given and no other. */
export function fixedCallRouting(routes: Readonly<Record<string, CallRoute>>): CallRouting {
  return { findRoute: async (dialledNumber) => routes[dialledNumber] ?? null };
}

/** Holds one apology for each language given, and one filler. */
export function fixedAnnouncements(
  apologies: Readonly<Record<string, Int16Array>>,
  fillers: Readonly<Record<string, Int16Array>> = {},
): AnnouncementStore {
  return { find: (name, language) => (name === 'apology' ? apologies : fillers)[language] ?? null };
}
