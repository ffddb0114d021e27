/** Fills the `{{name}}` places of a configuration template, and nothing else: no loops, no conditions. */

/** Replaces every place. Throws when the template asks for a value that is not given, or a value is never asked for. */
export function fillTemplate(template: string, values: Readonly<Record<string, string | number>>): string {
  const unused = new Set(Object.keys(values));
  const text = template.replaceAll(/\{\{(\w+)\}\}/g, (_place, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`template asks for {{${name}}}, which is not given`);
    unused.delete(name);
    return String(value);
  });
  if (unused.size > 0) throw new Error(`template has no place for ${[...unused].join(', ')}`);
  return text;
}
