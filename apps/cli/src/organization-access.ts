// What acts for an organization needs its token, which the environment alone holds, and the address that it may go to.
import { tokenCredential } from './api-client.ts';
import type { ApiClientOptions } from './api-client.ts';
import { usageFailure } from './command-failure.ts';
import { chooseUrl, isReadableOnTheWay, readCredentials } from './credentials.ts';
import type { Terminal } from './terminal.ts';

/** The API of the organization whose token this terminal has. `how` makes such a token; it is said to whoever has none. */
export async function openOrganizationAccess(terminal: Terminal, urlOption: string | undefined, how: string): Promise<ApiClientOptions> {
  const { env, signal } = terminal;
  const url = chooseUrl(env, urlOption, await readCredentials(env));
  const token = env['CENTRALITA_TOKEN']?.trim() ?? '';
  if (token === '') throw usageFailure(`there is no token of the agent's organization: set CENTRALITA_TOKEN; ${how} makes one`);
  if (!/^[\x21-\x7e]+$/.test(token))
    throw usageFailure('CENTRALITA_TOKEN holds characters that no token has: copy it again, without quotes');
  if (isReadableOnTheWay(url)) terminal.err(`warning: ${url} is not encrypted, and the token crosses the network\n`);
  return { url, credential: tokenCredential(token), signal };
}
