/** Asterisk's SIP objects, read and changed behind the control plane's back. */
import { ARI_USER, ariUrl } from '@centralita/provision/instance.ts';
import { RIG_PASSWORDS } from './rig-ports.ts';
import type { Rig } from './rig.ts';

/** Kinds of object that the control plane pushes. */
export type SipObjectType = 'auth' | 'aor' | 'endpoint' | 'identify' | 'registration';

/** Names of all endpoints. */
export async function listEndpoints(rig: Rig): Promise<readonly string[]> {
  const response = await ask(rig, 'endpoints/PJSIP', {});
  return ((await response.json()) as { resource: string }[]).map(({ resource }) => resource).toSorted();
}

/** What an object says; null when there is none. */
export async function readObject(rig: Rig, type: SipObjectType, id: string): Promise<Readonly<Record<string, string>> | null> {
  const response = await ask(rig, pathOf(type, id), {});
  if (response.status === 404) return null;
  const fields = (await response.json()) as { attribute: string; value: string }[];
  return Object.fromEntries(fields.map(({ attribute, value }) => [attribute, value]));
}

/** Makes or changes an object. */
export async function writeObject(rig: Rig, type: SipObjectType, { id, ...values }: Readonly<Record<string, string>>): Promise<void> {
  const fields = Object.entries(values).map(([attribute, value]) => ({ attribute, value }));
  const headers = { 'content-type': 'application/json' };
  const response = await ask(rig, pathOf(type, id ?? ''), { method: 'PUT', headers, body: JSON.stringify({ fields }) });
  if (!response.ok) throw new Error(`${type} ${id}: ${response.status} ${await response.text()}`);
}

/** Takes an object away. */
export async function deleteObject(rig: Rig, type: SipObjectType, id: string): Promise<void> {
  const response = await ask(rig, pathOf(type, id), { method: 'DELETE' });
  if (!response.ok) throw new Error(`${type} ${id}: ${response.status} ${await response.text()}`);
}

function pathOf(type: SipObjectType, id: string): string {
  return `asterisk/config/dynamic/res_pjsip/${type}/${encodeURIComponent(id)}`;
}

/** A connection of its own each time: open ones count as media in the search for what a call left behind. */
function ask(rig: Rig, path: string, init: RequestInit): Promise<Response> {
  const url = `${ariUrl(rig.instance)}/ari/${path}?api_key=${ARI_USER}:${RIG_PASSWORDS.ari}`;
  return fetch(url, { ...init, headers: { ...(init.headers as Record<string, string> | undefined), connection: 'close' } });
}
