// The stand-in's dynamic configuration: SIP objects as ARI sets them, told again in Asterisk's spelling.
import { StandInRefusal } from './asterisk-stand-in-switchboard.ts';

type Field = { readonly attribute: string; readonly value: string };

/** An object's name: `<type>/<id>`, such as `endpoint/2001-clinica`. */
export type StandInObjectName = `${string}/${string}`;

/** The objects, which a test may read, change and take away behind the control plane's back. */
export type StandInObjects = Map<StandInObjectName, Map<string, string>>;

/** Asterisk's words for an object that is not there. */
export function getObject(objects: StandInObjects, type: string, id: string): readonly Field[] {
  const found = objects.get(`${type}/${id}`);
  if (found === undefined) throw new StandInRefusal(404, `Object with id '${id}' not found`);
  return [...found].map(([attribute, value]) => ({ attribute, value }));
}

/** Adds to what is there, as Asterisk does: attributes that are not named stay, and a second contact or address joins the first. */
export function updateObject(objects: StandInObjects, name: { type: string; id: string }, fields: readonly Field[]): readonly Field[] {
  const { type, id } = name;
  const object = objects.get(`${type}/${id}`) ?? new Map<string, string>();
  for (const { attribute, value } of fields) {
    const before = attribute === 'contact' || attribute === 'match' ? object.get(attribute) : undefined;
    const told = spell(attribute, value);
    if (attribute !== 'disallow') object.set(attribute, before === undefined || before === told ? told : `${before},${told}`);
  }
  objects.set(`${type}/${id}`, object);
  return getObject(objects, type, id);
}

export function deleteObject(objects: StandInObjects, type: string, id: string): void {
  getObject(objects, type, id);
  objects.delete(`${type}/${id}`);
}

/** Endpoints of the technology, the test caller of `pjsip.conf` among them. */
export function listEndpoints(objects: StandInObjects): readonly unknown[] {
  const pushed = [...objects.keys()].filter((name) => name.startsWith('endpoint/')).map((name) => name.slice('endpoint/'.length));
  return ['test-caller', ...pushed].map((resource) => ({ technology: 'PJSIP', resource, state: 'offline', channel_ids: [] }));
}

function spell(attribute: string, value: string): string {
  if (attribute === 'allow') return `(${value.replaceAll(',', '|')})`;
  if (attribute === 'match') return withMask(value);
  return value === 'yes' ? 'true' : value === 'no' ? 'false' : value;
}

function withMask(network: string): string {
  const [address = '', bits = '32'] = network.split('/', 2);
  const mask = '1'.repeat(Number(bits)).padEnd(32, '0');
  const parts = [0, 8, 16, 24].map((from) => Number.parseInt(mask.slice(from, from + 8), 2));
  return `${address}/${parts.join('.')}`;
}
