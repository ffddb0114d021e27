/** Compares versions made of numbers with dots between them. */

/** Whether `version` is at least `wanted`; what follows the numbers does not count, a missing number is 0. */
export function isAtLeast(version: string, wanted: string): boolean {
  const [have, need] = [version, wanted].map((text) =>
    text
      .split(/[^0-9]+/)
      .filter((part) => part !== '')
      .map(Number),
  );
  for (let index = 0; index < (need?.length ?? 0); index++) {
    const difference = (have?.[index] ?? 0) - (need?.[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
