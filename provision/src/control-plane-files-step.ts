/** What the control plane reads and writes outside its database: its two files of secrets, and the folders of exports and of its state. */
import { chmod, chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describeAppliance, requireAppliance } from './appliance.ts';
import { exportsFolder, SERVICE_USER, stateFolder } from './facts.ts';
import type { Facts } from './facts.ts';
import type { Step } from './plan.ts';
import { listDifferences, replaceFile } from './rendered-files.ts';
import { secretFilesFolder } from './secrets.ts';
import type { SystemUser } from './system-user.ts';

export const controlPlaneFilesStep: Step = {
  name: 'secret files',
  changes: (facts) => {
    const wanted = describeAppliance(facts)?.secretFiles;
    // What an operator keeps beside our files is his.
    const current = facts.secretFiles.filter(({ path }) => wanted?.some((file) => file.path === path));
    const changed = wanted ? listDifferences(current, wanted) : ['the files of secrets'];
    return [
      ...changed.map((name) => `write ${name} for the control plane`),
      ...(facts.hasExportsFolder ? [] : ['make the folder of exports']),
      ...(facts.hasStateFolder ? [] : ["make the folder of the control plane's state"]),
    ];
  },
  apply: async ({ facts }) => {
    const user = requireServiceUser(facts);
    await writeSecretFiles(facts, user);
    for (const folder of [exportsFolder(facts.home), stateFolder(facts.home)]) {
      await mkdir(folder, { recursive: true });
      await chown(folder, user.uid, user.gid);
      await chmod(folder, 0o750);
    }
  },
};

/** Replaces each file at once: the control plane reads the old admin key's hash or the new one's, never half of it. */
export async function writeSecretFiles(facts: Facts, user: SystemUser): Promise<void> {
  const folder = secretFilesFolder(facts.home);
  await mkdir(folder, { recursive: true });
  await chown(folder, 0, user.gid);
  await chmod(folder, 0o750);
  for (const file of requireAppliance(facts).secretFiles)
    await replaceFile(join(folder, file.path), file.text, { uid: 0, gid: user.gid, mode: 0o640 });
}

/** The service user. Throws when there is none: a bug in the order of steps. */
export function requireServiceUser({ user }: Pick<Facts, 'user'>): SystemUser {
  if (!user) throw new Error(`no system user ${SERVICE_USER}: an earlier step did not do its work`);
  return user;
}
