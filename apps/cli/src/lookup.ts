// People know a thing by its slug, number or name; the API by its id.
import { CommandFailure } from './command-failure.ts';
import type { Invocation } from './invocation.ts';

/** A kind of thing that has a unique name beside its id. */
type Lookup = { readonly path: string; readonly plural: string; readonly id: string; readonly name: string; readonly what: string };

const ID = /^[a-z]+_[0-9a-f]{32}$/;

/** The id of an organization given by id or slug. */
export function findOrganization(invocation: Invocation, text: string): Promise<string> {
  return find(invocation, text, {
    path: '/admin/organizations',
    plural: 'organizations',
    id: 'organizationId',
    name: 'slug',
    what: 'organization',
  });
}

/** The id of the organization that an option names, or undefined without one. */
export async function findOrganizationOf(invocation: Invocation, text: string | undefined): Promise<string | undefined> {
  return text === undefined ? undefined : await findOrganization(invocation, text);
}

/** The id of a number given by id or as it is dialled. */
export function findNumber(invocation: Invocation, text: string): Promise<string> {
  return find(invocation, text, { path: '/admin/numbers', plural: 'numbers', id: 'numberId', name: 'number', what: 'number' });
}

/** The id of a trunk given by id or name. */
export function findTrunk(invocation: Invocation, text: string): Promise<string> {
  return find(invocation, text, { path: '/admin/trunks', plural: 'trunks', id: 'trunkId', name: 'name', what: 'trunk' });
}

async function find(invocation: Invocation, text: string, { path, plural, id, name, what }: Lookup): Promise<string> {
  if (ID.test(text)) return text;
  const { rows } = await (await invocation.api()).list({ path, plural });
  const found = rows.find((row) => row[name] === text)?.[id];
  if (typeof found !== 'string') throw new CommandFailure(1, `there is no ${what} with the ${name} "${text}" and it is no id`);
  return found;
}
