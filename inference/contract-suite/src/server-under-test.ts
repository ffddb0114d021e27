// What the suite is given: a server that listens, and for each role a request that it can serve.
import type { Role } from '@centralita/cpu-server/server/contract.ts';
import type { Tensor } from 'triton-client-grpc-generated';

/** A role of the server under test. */
export interface RoleUnderTest {
  readonly role: Role;
  /** A request that is answered. */
  readonly inputs: readonly Tensor[];
  /** A request whose answer goes on long enough to be left in the middle; null where answers are too short for that. */
  readonly long: readonly Tensor[] | null;
}

/** A running server. */
export interface ServerUnderTest extends AsyncDisposable {
  /** `host:port` of its gRPC endpoint. */
  readonly url: string;
}
