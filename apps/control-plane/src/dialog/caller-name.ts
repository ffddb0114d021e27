// Which of the things that are known of a caller is their name: slots and facts are named by whoever wrote the flow.

const NAMES = new Set(
  (
    'name full_name first_name caller_name customer_name client_name patient_name contact_name ' +
    'nombre nombre_completo nombre_cliente nombre_paciente nombre_del_cliente nombre_del_paciente'
  ).split(' '),
);

/** Whether a slot or fact of this name holds the caller's own name. */
export function isCallerName(field: string): boolean {
  return NAMES.has(field.toLowerCase());
}

/** The caller's name among slots or facts; null when it is not there. */
export function callerNameAmong(known: Readonly<Record<string, string>>): string | null {
  return Object.entries(known).find(([field, value]) => isCallerName(field) && value.trim() !== '')?.[1] ?? null;
}
