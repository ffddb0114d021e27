// The form of a number that can be dialled: what the table's own check demands, and what routing looks up.

/** E.164 with its plus sign, or an extension: 2 to 20 digits. */
export const DIALLED_NUMBER_FORM = /^[+]?[0-9]{2,20}$/;
/** What to say of anything else. */
export const DIALLED_NUMBER_ADVICE =
  'a number is E.164 such as +34910000001, or an extension: 2 to 20 digits, with or without + before them';
