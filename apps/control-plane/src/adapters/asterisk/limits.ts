// Every limit of the Asterisk adapter in one place, with its unit and its reason.

/** Bridge, media channel and media socket together (8.5 ms on an idle machine), or a representative’s channel: beyond this the caller has given up. */
export const MEDIA_SETUP_MS = 5_000;

/** Between a set-up that a cut interrupted and the next try: the event socket itself is opened again after 50 to 100 ms at the earliest. */
export const AFTER_CUT_MS = 100;

/** One clean-up request to Asterisk, retries included. Hanging up takes two of them, one after the other, when Asterisk is dead. */
export const CLEAN_UP_MS = 3_000;

/** From our hang-up until the channel leaves Stasis: 2 ms; after this the leg ends without Asterisk's word. */
export const END_WAIT_MS = 500;

/** What a brief may take longer than its sound: its lead-in of 0.3 s, the way to Asterisk and the mark's way back. */
export const BRIEF_SLACK_MS = 2_000;

/** The same for what is played to a caller on hold, in place of the music. */
export const ON_HOLD_SLACK_MS = 2_000;

/** Between the last word and the music that goes on: our choice, as long as the silence in front of the first word. */
export const ON_HOLD_TAIL_MS = 300;

/** Events of a leg that may wait for a listener. A caller who hammers the keypad before the engine listens loses the keys beyond it. */
export const MAX_WAITING_LEG_EVENTS = 64;

/** The longest piece of sound that one `send` may carry: 12 frames and a half of 16 kHz PCM16. */
export const MAX_SEND_SAMPLES = 4_000;

/** Longest message that we read from the media socket; real ones have 640 bytes of sound or about 200 of text. */
export const MAX_MEDIA_MESSAGE_BYTES = 65_536;

/** How long Asterisk gets to answer the closing of a media socket. */
export const MEDIA_CLOSE_MS = 1_000;

/** Ended legs that are remembered: more than can end during the longest outage that a caller sits through. */
export const MAX_ENDED_IDS = 1_000;

/** How often what Asterisk has is compared with what we know: a clean-up that failed is done again, and nothing stays half-open for longer. */
export const SWEEP_EVERY_MS = 30_000;

/** Sound that may wait in our own socket for an Asterisk that does not read: one second. Beyond it sound is dropped, as by its own full queue. */
export const MAX_UNSENT_BYTES = 32_000;

/** One request about a phone or trunk: 1 to 5 ms, the writing of Asterisk's database included. A whole entry takes at most ten of them. */
export const DIRECTORY_REQUEST_MS = 3_000;

/** Entries of the directory that are compared or pushed at once: each has one request on the way, which a call's own request waits behind. */
export const DIRECTORY_AT_ONCE = 4;

/** Media of all legs that outlived a crash, built at once: 50 of them take 0.5 s on two busy cores. Beyond this the process goes on loading. */
export const RESCUE_MS = 3_000;

/** A silence shorter than this needs no excuse: callers take it for thinking. */
export const APOLOGISE_AFTER_MS = 1_500;

/** Sound ahead of the caller's ear while nobody serves him: loading the rest of the process held the event loop for up to 4.7 s on two busy cores. */
export const WAITING_LEAD_MS = 6_000;

/** How often that lead is topped up. */
export const WAITING_TICK_MS = 200;

/** What a caller says while nobody serves him, in frames of 20 ms: the last five seconds. Of 50 callers voice activity must look through all of it at once. */
export const MAX_WAITING_FRAMES = 250;

/** Beyond the length of the words, after which they count as heard. */
export const HAND_OVER_SLACK_MS = 1_000;

/** Without a connection for this long, a call whose sound is gone too has no telephone system under it any more. */
export const NODE_LOST_MS = 10_000;

/** How soon a caller whose talk with a person outlived a crash notices that the other one hung up. */
export const TALK_LOOK_EVERY_MS = 1_000;

/** A caller who rings for longer is in nobody's hands: the engine answers or refuses within ten seconds. */
export const MAX_RINGING_MS = 60_000;

/** A channel's quality is first asked when its telephone had time to send something, and then every second report of RTCP (rtp.conf: 5 s). */
export const QUALITY_FIRST_MS = 2_000;
export const QUALITY_EVERY_MS = 10_000;

/** One question about a channel's quality: 1 ms. It may fail, the next one comes. */
export const QUALITY_REQUEST_MS = 2_000;

/** After a look that failed. */
export const SWEEP_AGAIN_MS = 1_000;
