/** How the two kinds of Triton are started: no image holds the speech models' Python and vLLM together. Pure. */

/** `speech`: the image of inference/models/Dockerfile. `language`: NVIDIA's with vLLM. */
export type TritonKind = 'speech' | 'language';

export type TritonPorts = { readonly http: number; readonly grpc: number; readonly metrics: number };

export type TritonCommandParts = {
  readonly name: string;
  readonly repository: string;
  readonly address: string;
  readonly ports: TritonPorts;
  /** What opens the doors that the control plane never uses; 16 or more letters and digits. */
  readonly adminKey: string;
};

/** Pings of idle clients, at most one in this time; fewer than gRPC's own 5 minutes, after which Triton would hang up on them. */
const PING_INTERVAL_MS = 10_000;
/** What nobody asks for from outside. `model-repository` stays open: its list tells which engine runs and why another does not. */
const CLOSED_PROTOCOLS = ['shared-memory', 'model-config', 'trace', 'logging'];
/** Over HTTP only the question whether it is well. */
const CLOSED_APIS = ['inference', 'metadata', 'model-repository', 'statistics', ...CLOSED_PROTOCOLS];
const FIRST_PORTS: TritonPorts = { http: 8000, grpc: 8001, metrics: 8002 };
const PORTS_APART = 10;

/** Ports of the first, second, third process where they share one network. */
export function portsOf(index: number): TritonPorts {
  const step = index * PORTS_APART;
  return { http: FIRST_PORTS.http + step, grpc: FIRST_PORTS.grpc + step, metrics: FIRST_PORTS.metrics + step };
}

/** Argv. The models are those of the folder: loading others by gRPC stays refused, because a model is a program. */
export function tritonCommand({ name, repository, address, ports, adminKey }: TritonCommandParts): readonly string[] {
  if (!/^[A-Za-z0-9]{16,}$/.test(adminKey)) throw new Error('the admin key of Triton must be 16 or more letters and digits');
  return [
    'tritonserver',
    `--model-repository=${repository}`,
    // One model that cannot be loaded (a licence, a missing file) is listed with its reason; the other serves.
    '--exit-on-error=false',
    '--strict-readiness=true',
    `--http-address=${address}`,
    `--http-port=${ports.http}`,
    `--http-restricted-api=${CLOSED_APIS.join(',')}:admin-key=${adminKey}`,
    `--grpc-address=${address}`,
    `--grpc-port=${ports.grpc}`,
    `--grpc-http2-min-recv-ping-interval-without-data=${PING_INTERVAL_MS}`,
    `--grpc-restricted-protocol=${CLOSED_PROTOCOLS.join(',')}:admin-key=${adminKey}`,
    `--metrics-address=${address}`,
    `--metrics-port=${ports.metrics}`,
    '--metrics-config=histogram_latencies=true',
    // Two servers that share /dev/shm would read each other's requests (python_backend, vllm_backend READMEs).
    `--backend-config=python,shm-region-prefix-name=centralita_${name.replaceAll('-', '_')}`,
  ];
}
