// How a command ends when it does not end well: the exit code is what a script goes by, the lines are what a person reads.

/** 1 the API refused or a check found problems, 2 called wrongly, 3 the API cannot be reached, 4 the audit log is damaged, 5 a scenario failed. */
export type FailureCode = 1 | 2 | 3 | 4 | 5;

/** An end that was foreseen. Anything else that is thrown is a fault of this program. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly exitCode: FailureCode;

  constructor(exitCode: FailureCode, message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** The command was called wrongly. */
export function usageFailure(message: string): CommandFailure {
  return new CommandFailure(2, message);
}
