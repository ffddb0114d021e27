// Times on a clock of 24 hours, as flows, calendars and the arguments of tools write them.

/** `HH:MM`, from `00:00` to `23:59`. */
export const TIME_OF_DAY = /^(?:[01][0-9]|2[0-3]):[0-5][0-9]$/;

/** Minutes from midnight to an `HH:MM`. */
export function minutesOfDay(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}
