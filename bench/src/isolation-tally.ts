/** Counts probes by what was probed, and decides what is a leak. */
import type { ApiAnswer } from './api-rig.ts';
import type { Twin } from './isolation-twins.ts';

export type Leak = { readonly what: string; readonly how: string };

export type IsolationTally = {
  readonly leaks: Leak[];
  /** Adds a probe; `leak` says how it leaked, null when it did not. */
  count(what: string, leak: string | null): void;
  /** Probes by what was probed. */
  byTarget(): ReadonlyMap<string, number>;
  total(): number;
};

export function openTally(): IsolationTally {
  const counts = new Map<string, number>();
  const leaks: Leak[] = [];
  return {
    leaks,
    count(what, leak) {
      counts.set(what, (counts.get(what) ?? 0) + 1);
      if (leak !== null) leaks.push({ what, how: leak });
    },
    byTarget: () => counts,
    total: () => [...counts.values()].reduce((sum, count) => sum + count, 0),
  };
}

/** Everything of an answer that its reader sees. */
export function shownBy({ status, headers, body }: ApiAnswer): string {
  return `${status}\n${[...headers].map(([name, value]) => `${name}: ${value}`).join('\n')}\n${typeof body === 'string' ? body : JSON.stringify(body)}`;
}

/** The first secret of `other` in the text, besides those that whoever asked wrote down himself. */
export function secretIn(text: string, other: Twin, asked: string): string | null {
  const shown = text.toLowerCase();
  const known = asked.toLowerCase();
  return other.secrets.find((secret) => shown.includes(secret) && !known.includes(secret)) ?? null;
}

/** What differs between any two answers to the same question: when, under which id, and how much of the rate is left. */
const PASSING = /^(date|x-request-id|ratelimit|x-ratelimit|etag|last-modified|content-length|keep-alive|connection)/;

/** An answer without what passes, and with the ids that were asked for blanked: two of these are compared byte by byte. */
export function essenceOf({ status, headers, body }: ApiAnswer, asked: readonly string[]): string {
  const kept = [...headers].filter(([name]) => !PASSING.test(name)).map(([name, value]) => `${name}: ${value}`);
  let text = `${status}\n${kept.join('\n')}\n${typeof body === 'string' ? body : JSON.stringify(body)}`;
  text = text.replaceAll(/"requestId":"[^"]*"/g, '"requestId":"-"');
  for (const id of asked) text = text.replaceAll(id, '<asked>').replaceAll(encodeURIComponent(id), '<asked>');
  return text;
}
