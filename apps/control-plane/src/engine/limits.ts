// Every limit of a live call in one place, with its unit and its reason, and the relations between them.
import { invariant } from '#shared/invariant.ts';

/** Period of the one ticker that drives all calls. 10 ms: a commit is found 5 ms late on average; 100 calls cost 10,000 cheap steps a second. */
export const TICK_MS = 10;

/** Sound kept from before speech was noticed. Silero notices an onset 30 to 100 ms late (espeak-ng over G.711); the rest saves soft first consonants. */
export const PREROLL_MS = 240;

/** Sound of a silent caller that is kept besides the pre-roll: voice activity may answer this late. All 30 s of it would be 1.4 MB a call. */
export const QUIET_KEPT_MS = 1_000;

/** Silence handed to speech-to-text behind the last voiced window, so that a final fricative is not cut. */
export const POSTROLL_MS = 100;

/** The longest utterance handed to speech-to-text: Whisper's window is 30 s. A longer one is committed at this point. */
export const MAX_UTTERANCE_MS = 29_000;

/** How far playout runs ahead of the caller's ear while the agent speaks. Covers a 300 ms stall of the event loop; a flush makes it harmless for barge-in. */
export const SPEECH_AHEAD_MS = 400;

/** Silence is sent in pieces of this length when there is nothing to say: one message instead of ten. It is flushed away before a reply. */
export const SILENCE_PIECE_MS = 200;

/**
 * More silence is sent when less than this is estimated to wait: a process that stalls for a tenth of a second leaves no hole. Holes in silence are not
 * heard, but each moves the two sides of Asterisk's recording apart by as much, up to 40 ms (measured: 40 of 49 answers on a machine at five times its
 * load, against the caller's own wire).
 */
export const SILENCE_LOW_MS = 120;

/** A mark every 200 ms of speech: this is how exactly we know what was heard. Speech has about one word in 300 ms. */
export const MARK_EVERY_MS = 200;

/** How often the far side's queue is asked for its length. */
export const QUEUE_POLL_MS = 2_000;

/** Waiting frames above which silence is thrown away: the piece in flight and what waited before it, plus slack; a stall leaves 24 frames (480 ms) for ever. */
export const QUEUE_CREEP_FRAMES = 20;

/** One message holds at most this many samples: 8 kB; a media message over 65,500 bytes kills the leg. */
export const MAX_SEND_SAMPLES = 3_840;

/** Voice in the first moments of the agent's speech is its own echo more often than an interruption. */
export const ECHO_GUARD_MS = 250;

/** Pause after which a code of several keys counts as complete: our choice: time to look at the next digit, not so long that who has finished doubts it. */
export const INTER_KEY_MS = 1_500;

/** How often callers who wait are looked at besides when a call ends: the admission opens by itself when answers are fast again. */
export const ADMIT_EVERY_MS = 500;

/** Time for answering and building the sound of a call. */
export const SETUP_TIMEOUT_MS = 10_000;

/** Time for an agent's tools, while it rings: the look-up takes milliseconds, and a database that is away must not leave the caller ringing. */
export const FIND_TOOLS_TIMEOUT_MS = 1_000;

/** Time for an utterance's text; the failure policy takes over after it. */
export const TRANSCRIBE_TIMEOUT_MS = 3_000;

/** Time for the first words of a reply: a caller who hears nothing for longer hangs up or speaks again. */
export const FIRST_WORDS_TIMEOUT_MS = 4_000;

/** Time for the words that follow, while those before them are being spoken. */
export const NEXT_WORDS_TIMEOUT_MS = 3_000;

/** Time from the request of a sentence's sound until its first piece. */
export const FIRST_SOUND_TIMEOUT_MS = 5_000;

/** The longest reply; the rest is not spoken. */
export const MAX_REPLY_MS = 60_000;

/** The longest brief of a transfer, the caller hears ringing meanwhile; the rest is not spoken. 400 characters are 27 s. The keys come after it. */
export const MAX_BRIEF_MS = 40_000;

/** The longest that a caller on hold is told his place: the words are 6 s, a slow voice takes twice that. */
export const MAX_POSITION_MS = 15_000;

/**
 * Callers on hold who are told their place at the same time. Each asks the voice as a call does, and has a bridge and a media channel in Asterisk while
 * it lasts: a tenth of the 50 calls that a box takes unless told otherwise, when a line of 100 moves. At 7 s each, 20 callers are told every half
 * minute, 100 every 140 s.
 */
export const MAX_TOLD_AT_ONCE = 5;

/**
 * Callers who are held until there is room, where nobody configured it; the 101st would wait for longer than anybody does. Each is a channel of Asterisk
 * and ports for his sound, which the provisioner makes room for.
 */
export const MAX_WAITING_CALLERS = 100;

/**
 * An organization's caller is held only while fewer of its own are than this many for each place of the line that is still free: the dynamic threshold
 * of switches whose ports share one buffer. First come, first served would let one organization with many calls (a promotion, a trunk that loops) take the
 * whole line, and callers of the others would be refused at once; a fixed share for each would leave most of the line empty while one alone is busy. With
 * 4, of 100 places one organization gets 80, two that both want more 45 and 44, three 31 each; one after the other they get 80, 16 and 4. The last free
 * place is for somebody with fewer than four callers in the line, and whoever has none gets a place while there is one. Nobody who is held is sent away
 * when others come. A line of four places or fewer is first come, first served.
 */
export const WAITING_PER_FREE_PLACE = 4;

/** How long the leg stays up after the last word, so that the caller's telephone plays it out. */
export const GOODBYE_TAIL_MS = 300;

/** Speech shorter than this that no engine understands is noise, not a turn. */
export const MIN_TURN_SPEECH_MS = 200;

/** An interruption shorter than this with no words in it was a cough: the agent goes on. */
export const FALSE_BARGE_IN_MS = 700;

/** A silence after a crash that is shorter needs no excuse: callers take it for thinking. */
export const PARDON_AFTER_MS = 1_500;

/** Between two tries to build a broken sound anew. */
export const REPAIR_PAUSE_MS = 200;

/** Tries go on for this long: the adapter gives a dead telephone system 10 s to come back, and its word comes first. */
export const REPAIR_TIMEOUT_MS = 20_000;

/** Sounds of one call that are built anew within a minute; one that breaks more often does so because of what we send. An hour on a bad line has more. */
export const MAX_REPAIRS = 10;
export const REPAIRS_WITHIN_MS = 60_000;

/** Between two tries to read the calls of a dead process while the database is away. */
export const RECOVERY_PAUSE_MS = 250;

/** A caller whose call nobody can find hears silence: after this the line is closed. */
export const RECOVERY_LIMIT_MS = 60_000;

/** How often rows that look live are compared with what is. */
export const REAP_EVERY_MS = 60_000;

/** A call is in the engine's hands within its set-up's ten seconds; a row older than this that is not is nobody's. */
export const REAP_ROWS_AFTER_MS = 60_000;

invariant(SPEECH_AHEAD_MS < 1_000, 'playout stays less than a second ahead');
invariant(SILENCE_LOW_MS < SILENCE_PIECE_MS, 'a silence piece outlasts its refill level');
invariant(PREROLL_MS > 80, 'the pre-roll covers the latest onset measured');
