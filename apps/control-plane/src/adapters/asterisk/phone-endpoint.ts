// How an organization's phone is called in Asterisk.
import type { TransferTarget } from '#ports/call-control.ts';

/** As the tables check them. Nothing else is dialled: an extension comes from an agent's configuration, and a `/` or `@` in it would be a way to any trunk. */
const EXTENSION = /^[0-9]{2,8}$/;
const SLUG = /^[a-z][a-z0-9-]{1,31}$/;

/** What Asterisk dials for a phone, or null for a target that is none. */
export function phoneEndpoint({ extension, organizationSlug }: TransferTarget): string | null {
  return EXTENSION.test(extension) && SLUG.test(organizationSlug) ? `PJSIP/${extension}-${organizationSlug}` : null;
}
