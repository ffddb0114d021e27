// At how many calls requests begin to wait too long, from requests that were seen at many loads. Pure.

/** One request: how many calls were up when it came, and whether it waited longer than it may. */
export type LoadedRequest = { readonly calls: number; readonly isLate: boolean };

/** Steps of Newton's method: eight were enough on all data seen, and the others cost nothing. */
const STEPS = 40;
/** As if a hundredth of a request spoke for a flat line: keeps the line finite where every request before a load is in time and every one after it late. */
const PRIOR = 0.01;

/**
 * Calls at which `lateShare` of the requests are late, by a logistic curve through all of them: by the percentile of five loads' own requests, about a
 * hundred, one run said 24 and another 35. Infinite when none is late or the share does not grow with the calls.
 */
export function callsAtLateShare(requests: readonly LoadedRequest[], lateShare: number): number {
  if (!requests.some(({ isLate }) => isLate)) return Number.POSITIVE_INFINITY;
  // Around the middle of the loads and in units of ten calls the two parameters are of one size.
  const middle = requests.reduce((sum, { calls }) => sum + calls, 0) / requests.length;
  const points = requests.map(({ calls, isLate }) => ({ x: (calls - middle) / 10, y: isLate ? 1 : 0 }));
  let [height, slope] = [0, 0];
  for (let step = 0; step < STEPS; step++) {
    const move = newtonMove(points, { height, slope });
    height += move.height;
    slope += move.slope;
  }
  if (slope <= 0) return Number.POSITIVE_INFINITY;
  return middle + (10 * (Math.log(lateShare / (1 - lateShare)) - height)) / slope;
}

type Line = { readonly height: number; readonly slope: number };

/** One step towards the likeliest line of log odds, no longer than one in each parameter: farther off the curve says nothing of where the top is. */
function newtonMove(points: readonly { readonly x: number; readonly y: number }[], { height, slope }: Line): Line {
  let [pullHeight, pullSlope] = [-PRIOR * height, -PRIOR * slope];
  let [hh, hs, ss] = [PRIOR, 0, PRIOR];
  for (const { x, y } of points) {
    const share = 1 / (1 + Math.exp(-(height + slope * x)));
    const weight = share * (1 - share);
    pullHeight += y - share;
    pullSlope += (y - share) * x;
    hh += weight;
    hs += weight * x;
    ss += weight * x * x;
  }
  const determinant = hh * ss - hs * hs;
  const bounded = (value: number) => Math.max(-1, Math.min(1, value));
  return {
    height: bounded((ss * pullHeight - hs * pullSlope) / determinant),
    slope: bounded((hh * pullSlope - hs * pullHeight) / determinant),
  };
}
