/** What can go wrong with a model's files, each with what to do about it. */

/** `obstacle`: something must be put right first (exit code 20). `failed`: it was tried and did not work (exit code 1). */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  readonly kind: 'obstacle' | 'failed';
  readonly fix: string;

  constructor(kind: 'obstacle' | 'failed', message: string, options: { readonly fix: string; readonly cause?: unknown }) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.fix = options.fix;
  }
}

const OFFLINE = 'or fetch on another machine and bring the folder with "models import DIR"';

/** What an answer that is no file means. */
export function explainStatus(status: number, url: string): ModelError {
  const { host } = new URL(url);
  if (status === 401 || status === 403)
    return new ModelError('failed', `${url}: ${host} refuses (HTTP ${status})`, {
      fix: `accept the model's terms on ${host} and put an access token into HF_TOKEN, ${OFFLINE}`,
    });
  if (status === 404)
    return new ModelError('failed', `${url}: no such file (HTTP 404)`, {
      fix: `the mirror in MODELS_MIRROR_URL lacks it, or it was moved: check the address, ${OFFLINE}`,
    });
  return new ModelError('failed', `${url}: ${host} answers HTTP ${status}`, {
    fix: `run it again later, it goes on where it is; ${OFFLINE}`,
  });
}

/** What a connection that did not come about means: the innermost cause says it. */
export function explainConnection(error: unknown, url: string): ModelError {
  const { host } = new URL(url);
  const codes = listCodes(error);
  const has = (...wanted: readonly string[]): boolean => wanted.some((code) => codes.includes(code));
  if (needsProxyPassword(error))
    return new ModelError('failed', 'the proxy wants a password (HTTP 407)', {
      fix: `put it into HTTPS_PROXY, as http://user:password@host:port, ${OFFLINE}`,
      cause: error,
    });
  const proxy = 'set HTTPS_PROXY if this network needs a proxy, MODELS_MIRROR_URL if it has a mirror';
  if (has('ENOTFOUND', 'EAI_AGAIN'))
    return new ModelError('failed', `${host}: the name is not known, there is no network or no DNS server`, {
      fix: `${proxy}, ${OFFLINE}`,
      cause: error,
    });
  if (has('ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT'))
    return new ModelError('failed', `${host}: cannot be reached (${codes.find((code) => code.startsWith('E')) ?? 'no answer'})`, {
      fix: `${proxy}, ${OFFLINE}`,
      cause: error,
    });
  if (codes.some((code) => code.includes('CERT') || code.includes('SIGNATURE') || code.includes('ALTNAME')))
    return new ModelError('failed', `${host}: its certificate is not trusted (${codes.join(', ')})`, {
      fix: `check the machine's clock; where a proxy opens TLS, put its certificate's file into NODE_EXTRA_CA_CERTS; ${OFFLINE}`,
      cause: error,
    });
  return new ModelError('failed', `${url}: the connection broke, again and again`, {
    fix: `run it again, it goes on where it is; ${OFFLINE}`,
    cause: error,
  });
}

/** The library tells it in words alone: of a plain request, and of the tunnel for an encrypted one. */
export function needsProxyPassword(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
    if (/proxy authentication required|Proxy response \(407\)/i.test(cause.message)) return true;
  return false;
}

function listCodes(error: unknown): string[] {
  const codes: string[] = [];
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (typeof code === 'string') codes.push(code);
    if (cause instanceof AggregateError) codes.push(...cause.errors.flatMap((inner) => listCodes(inner)));
  }
  return codes;
}
