/** Translates the description's type names into TypeScript. */
import type { Parameter, Property } from './description.ts';

const SCALARS: Readonly<Record<string, string>> = {
  string: 'string',
  Date: 'string',
  boolean: 'boolean',
  int: 'number',
  long: 'number',
  double: 'number',
  object: 'JsonObject',
  containers: 'JsonContainer',
  void: 'void',
  binary: 'Uint8Array',
};

/** Body members that the description only explains in prose: their real shape, from the same prose. */
const CONTAINERS: Readonly<Record<string, string>> = { variables: 'VariableValues', fields: 'readonly models.ConfigTuple[]' };

/** The TypeScript type of a type name; `prefix` stands before model names. */
export function tsType(name: string, prefix = ''): string {
  const list = /^List\[(?<item>.+)\]$/.exec(name)?.groups?.['item'];
  if (list !== undefined) return `readonly ${tsType(list, prefix)}[]`;
  return SCALARS[name] ?? `${prefix}${name}`;
}

/** A union of literals where the description lists the values, else the plain type. */
export function propertyType(property: Property, prefix = ''): string {
  return literalUnion(property.allowableValues?.values) ?? tsType(property.type, prefix);
}

/** Like `propertyType`, for a parameter: several values are given as a list. */
export function parameterType(parameter: Parameter): string {
  const type =
    literalUnion(parameter.allowableValues?.values) ??
    (parameter.dataType === 'containers' ? CONTAINERS[parameter.name] : undefined) ??
    tsType(parameter.dataType, 'models.');
  return parameter.allowMultiple === true ? `readonly (${type})[]` : type;
}

function literalUnion(values: readonly string[] | undefined): string | undefined {
  return values?.map((value) => `'${value}'`).join(' | ');
}
