// The two tables that a call reads, as constants.
import type { AnnouncementStore } from '#ports/announcement-store.ts';
import type { CallRoute, CallRouting } from '#ports/call-routing.ts';

/** Routes the numbers given and no other. */
export function fixedCallRouting(routes: Readonly<Record<string, CallRoute>>): CallRouting {
  return { findRoute: async (dialledNumber) => routes[dialledNumber] ?? null };
}

/** Holds one apology for each language given, one filler, and one "sorry, go on". */
export function fixedAnnouncements(
  apologies: Readonly<Record<string, Int16Array>>,
  fillers: Readonly<Record<string, Int16Array>> = {},
  pardons: Readonly<Record<string, Int16Array>> = {},
): AnnouncementStore {
  const sounds = { apology: apologies, filler: fillers, resume: pardons };
  return { find: (name, language) => sounds[name][language] ?? null };
}
