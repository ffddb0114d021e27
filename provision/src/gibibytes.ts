/** How sizes of memory and disks are told to people: one word for them everywhere, in the unit that their makers and `free` use. */

/** Bytes as gibibytes with that many digits after the point. */
export function toGib(bytes: number, digits = 1): string {
  return (bytes / 1024 ** 3).toFixed(digits);
}
