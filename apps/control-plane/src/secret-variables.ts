// Secrets of the environment that may lie in a file instead: what is in a variable, everybody sees who may inspect the process or its container.
import { readFileSync } from 'node:fs';
import type { Environment } from './config.ts';
import { ConfigError } from './config.ts';

/** Variables that carry a secret. Each may be left out where `<name>_FILE` names the file that holds it. */
export const secretVariables = [
  'DATABASE_URL',
  'DATABASE_MIGRATION_URL',
  'ASTERISK_PASSWORD',
  'ADMIN_WEBHOOK_SECRET',
  'SMTP_URL',
  'DEMO_PHONE_PASSWORD',
] as const;

/**
 * The environment with the secrets of the files in it; the last line break of a file is not part of it. Throws `ConfigError` naming every variable whose
 * file cannot be read, and every one that is given both ways.
 */
export function withSecretFiles(environment: Environment): Environment {
  const secrets: Record<string, string> = {};
  const faults: string[] = [];
  for (const name of secretVariables) {
    const path = environment[`${name}_FILE`];
    if (path === undefined || path === '') continue;
    if (environment[name] !== undefined && environment[name] !== '') faults.push(`  ${name} and ${name}_FILE are both set: leave one out`);
    try {
      secrets[name] = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    } catch (error) {
      faults.push(`  ${name}_FILE: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (faults.length > 0) throw new ConfigError(`the environment is wrong:\n${faults.join('\n')}`);
  return { ...environment, ...secrets };
}
