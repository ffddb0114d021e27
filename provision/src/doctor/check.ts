/** What a check is: one question with one judgement, as data, so that the doctor, `--check` and the recorded machines ask the same. */

export type Finding =
  | { readonly level: 'pass'; readonly said: string }
  /** `fix` is a command or a setting, so exact that it can be typed. */
  | { readonly level: 'warn' | 'fail'; readonly reason: string; readonly fix: string };

export type Check<Seen> = {
  /** Unique among all checks, in words that a person reads. */
  readonly name: string;
  /** Judges what was seen. Pure. */
  readonly judge: (seen: Seen) => Finding;
};

export type CheckGroup<Seen> = { readonly name: string; readonly checks: readonly Check<Seen>[] };

export type Checked = { readonly group: string; readonly name: string; readonly finding: Finding };

/** It is as it should be. */
export function pass(said: string): Finding {
  return { level: 'pass', said };
}

/** It works and will hurt. */
export function warn(reason: string, fix: string): Finding {
  return { level: 'warn', reason, fix };
}

/** It does not work. */
export function fail(reason: string, fix: string): Finding {
  return { level: 'fail', reason, fix };
}

/** Judges everything, in order. */
export function runChecks<Seen>(groups: readonly CheckGroup<Seen>[], seen: Seen): readonly Checked[] {
  return groups.flatMap(({ name: group, checks }) => checks.map(({ name, judge }) => ({ group, name, finding: judge(seen) })));
}
