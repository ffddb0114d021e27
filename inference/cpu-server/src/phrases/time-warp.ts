// How far apart two utterances are when one may be spoken faster here and slower there (dynamic time warping).
import { WIDTH, type Cepstra } from './cepstra.ts';

// Speakers stretch a phrase unevenly by about a fifth; a wider band lets unlike phrases find each other.
const BAND_SHARE = 0.2;
const BAND_MIN_FRAMES = 6;

// 45 ms: cutting silence off finds the first and the last consonant only so well, least of all through noise.
const EDGE_SLACK_FRAMES = 3;

/** Duration ratios beyond which two utterances are not the same phrase. Also what refuses audio at half or double speed. */
export const MAX_DURATION_RATIO = 1.7;

/** True when a phrase of `frames` could be the same as one of `others` frames. */
export function isComparable(frames: number, others: number): boolean {
  return frames > 0 && others > 0 && Math.max(frames, others) <= MAX_DURATION_RATIO * Math.min(frames, others);
}

/**
 * Mean distance per step of the best alignment within a band around the diagonal. Gives up with Infinity as soon as it
 * cannot be under `giveUpAt`.
 */
export function warpDistance(query: Cepstra, template: Cepstra, giveUpAt: number): number {
  const { frames: rows } = query;
  const { frames: columns } = template;
  const slope = columns / rows;
  const radius = Math.max(BAND_MIN_FRAMES, Math.ceil(BAND_SHARE * Math.max(rows, columns))) / 2;
  // A diagonal step counts twice, so every path weighs rows + columns and long ones are not favoured.
  const worst = giveUpAt * (rows + columns);
  let previous = new Float64Array(columns + 1).fill(Number.POSITIVE_INFINITY);
  let current = new Float64Array(columns + 1);
  const slack = Math.min(EDGE_SLACK_FRAMES, rows >> 3, columns >> 3);
  previous.fill(0, 0, slack + 1);
  let end = Number.POSITIVE_INFINITY;
  for (let row = 0; row < rows; row += 1) {
    current.fill(Number.POSITIVE_INFINITY);
    if (row < slack) current[0] = 0;
    const centre = (row + 0.5) * slope - 0.5;
    const from = Math.max(0, Math.ceil(centre - radius));
    const to = Math.min(columns - 1, Math.floor(centre + radius));
    let least = Number.POSITIVE_INFINITY;
    for (let column = from; column <= to; column += 1) {
      const local = frameDistance(query.values, row * WIDTH, template.values, column * WIDTH);
      const diagonal = (previous[column] ?? Number.POSITIVE_INFINITY) + 2 * local;
      const vertical = (previous[column + 1] ?? Number.POSITIVE_INFINITY) + local;
      const horizontal = (current[column] ?? Number.POSITIVE_INFINITY) + local;
      const best = Math.min(diagonal, vertical, horizontal);
      current[column + 1] = best;
      if (best < least) least = best;
    }
    if (row >= rows - 1 - slack) end = Math.min(end, current[columns] ?? end);
    if (least > worst) break;
    [previous, current] = [current, previous];
    if (row === rows - 1) for (let short = 1; short <= slack; short += 1) end = Math.min(end, previous[columns - short] ?? end);
  }
  return end / (rows + columns);
}

// eslint-disable-next-line eslint/max-params -- the innermost loop of the recogniser: an object per frame pair would be most of its cost
function frameDistance(a: Float32Array, atA: number, b: Float32Array, atB: number): number {
  let sum = 0;
  for (let at = 0; at < WIDTH; at += 1) {
    const difference = (a[atA + at] as number) - (b[atB + at] as number);
    sum += difference * difference;
  }
  return Math.sqrt(sum);
}
