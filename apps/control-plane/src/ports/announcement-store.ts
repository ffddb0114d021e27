// Prepared sound for the moments in which no model answers.

/** A prepared announcement: the apology before a call is closed, the few words that fill a wait, and those after a silence of ours ("sorry, go on"). */
export type AnnouncementName = 'apology' | 'filler' | 'resume';

/** Recorded announcements, loaded at start so that a failing disk or model cannot silence them. */
export type AnnouncementStore = {
  /** Mono PCM16 at 16 kHz, or null when the language has none. `language` is a tag such as `es`. */
  find(name: AnnouncementName, language: string): Int16Array | null;
};
