// A change names the fields that it changes. Schemas let a field be there and undefined, which to a merge or a column is not the same as left out.

/** The fields without those that are there and undefined. */
export function givenFields<Fields extends object>(fields: Fields): GivenFields<Fields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as GivenFields<Fields>;
}

type GivenFields<Fields> = { [Key in keyof Fields]: Exclude<Fields[Key], undefined> };
