// Who may come in: the admin's key, and the organizations' tokens.
import { createHash, timingSafeEqual } from 'node:crypto';
import { ProblemError } from '#http/problem.ts';
import type { Guards } from '#http/route.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';

/** What the guards ask. */
export type GuardParts = {
  /** SHA-256 of the admin key as it is now, 64 hexadecimal digits. */
  readonly adminKeyHash: () => Promise<string>;
};

export function createGuards({ adminKeyHash }: GuardParts): Guards {
  return {
    admin: async (context, next) => {
      const given = createHash('sha256')
        .update(context.req.header('x-admin-key') ?? '')
        .digest();
      // Digests have one length, and their comparison takes the same time wherever they differ.
      if (!timingSafeEqual(given, Buffer.from(await adminKeyHash(), 'hex')))
        throw new ProblemError('unauthenticated', 'the header X-Admin-Key is missing or wrong');
      context.set('applianceScope', mintApplianceScope());
      context.set('actor', { kind: 'admin', name: 'admin', address: null, requestId: null });
      await next();
    },
    organization: () => async () => {
      throw new ProblemError('unauthenticated', 'no token opens anything yet');
    },
  };
}
