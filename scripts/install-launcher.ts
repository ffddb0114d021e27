/** Which Node runs npm itself, and whether npm leaves packages out because of it. */

/** First versions that the `engines` of all optional packages accept: of oxlint's, oxfmt's, knip's and vitest's binaries. */
const FLOORS = [
  [20, 19],
  [22, 13],
] as const;

/**
 * Whether npm, launched by this Node, installs every optional package. It silently leaves out those whose `engines` refuse the
 * launcher, though they run on the project's own Node 24. `userAgent` is npm's, such as `npm/9.2.0 node/v18.20.4 linux x64`.
 */
export function installsEverything(userAgent: string): boolean {
  const [major = 0, minor = 0] = /\bnode\/v(\d+)\.(\d+)/.exec(userAgent)?.slice(1).map(Number) ?? [];
  return major >= 24 || FLOORS.some(([floorMajor, floorMinor]) => major === floorMajor && minor >= floorMinor);
}
