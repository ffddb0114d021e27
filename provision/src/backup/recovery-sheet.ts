/** The sheet that must lie somewhere else than the machine: a backup without its key is worth nothing. */

/** Renders the sheet. */
export function renderRecoverySheet(sheet: {
  readonly key: string;
  readonly server: string;
  readonly home: string;
  readonly at: Date;
}): string {
  return `
RECOVERY SHEET of ${sheet.server}, ${sheet.at.toISOString().slice(0, 10)}. Print it or keep it in a safe for passwords, NOT on this machine.

  Backup key   ${sheet.key}

It opens every backup of this server; whoever has it and a backup has everything in it. On an empty machine with the product's release:

  1. put the key into a file, such as key.txt
  2. ./provision.sh --restore BACKUP.age --key-file key.txt

Without the product: age --decrypt -i key.txt BACKUP.age | tar -x, then database.dump is for pg_restore 18.
This sheet is shown once by itself; ./provision.sh --backup --recovery-sheet shows it again while ${sheet.home}/secrets.json is there.
`;
}
