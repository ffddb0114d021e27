/** Tries what the operator's settings name beyond this machine: only those, because nothing else is ever asked. */
import { connect, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Settings } from '#settings.ts';
import type { CertificateSeen } from './appliance-seen.ts';
import type { MachineSeen } from './machine-seen.ts';

const LIMIT_MS = 3_000;
const PORTS: Readonly<Record<string, number>> = { 'https:': 443, 'http:': 80, 'smtps:': 465, 'smtp:': 25, 'grpc:': 443 };

type Target = { readonly setting: string; readonly host: string; readonly port: number };

/** Hosts and ports that the settings name, but for this machine's own. */
export function listOutside(settings: Settings): readonly Target[] {
  const targets: Target[] = [];
  for (const [setting, value] of Object.entries(settings)) {
    if (typeof value !== 'string' || setting === 'PUBLIC_URL') continue;
    // LANGUAGE_MODEL_URL may leave its scheme out.
    const url = URL.parse(/^[a-z]+:\/\//i.test(value) ? value : setting.endsWith('_URL') && value !== '' ? `grpc://${value}` : '');
    const port = url && (Number(url.port) || PORTS[url.protocol]);
    if (!url || !port || /^(localhost|127\.|\[?::1)/.test(url.hostname)) continue;
    targets.push({ setting, host: url.hostname.replace(/^\[|\]$/g, ''), port });
  }
  return targets;
}

/** Opens a connection to each and closes it. */
export async function tryOutside(settings: Settings, signal: AbortSignal): Promise<NonNullable<MachineSeen['outside']>> {
  return await Promise.all(
    listOutside(settings).map(async ({ setting, host, port }) => ({
      setting,
      host: `${host}:${port}`,
      fault: await findConnectFault({ host, port }, signal),
    })),
  );
}

async function findConnectFault(target: { readonly host: string; readonly port: number }, signal: AbortSignal): Promise<string | null> {
  signal.throwIfAborted();
  return await new Promise((resolve) => {
    const socket = connect({ ...target, timeout: LIMIT_MS });
    const end = (fault: string | null): void => {
      socket.destroy();
      resolve(fault);
    };
    socket.once('connect', () => end(null));
    socket.once('timeout', () => end(`no answer within ${LIMIT_MS / 1000} s`));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    signal.addEventListener('abort', () => end('called off'), { once: true });
  });
}

/** Asks the address that PUBLIC_URL names for its certificate. */
export async function readCertificate(publicUrl: string, signal: AbortSignal): Promise<CertificateSeen> {
  const url = URL.parse(publicUrl);
  if (!url) return { kind: 'none', why: 'PUBLIC_URL is not set: the API is plain HTTP for this machine and its proxy' };
  if (url.protocol !== 'https:') return { kind: 'none', why: `${publicUrl} is plain HTTP` };
  const host = url.hostname;
  signal.throwIfAborted();
  return await new Promise((resolve) => {
    // A certificate that is not believed must still be read, to say what is wrong with it.
    const socket = connectTls({
      host,
      port: Number(url.port) || 443,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      rejectUnauthorized: false,
      timeout: LIMIT_MS,
    });
    const end = (seen: CertificateSeen): void => {
      socket.destroy();
      resolve(seen);
    };
    socket.once('secureConnect', () => {
      const validUntil = new Date(socket.getPeerCertificate().valid_to);
      const isExpired = validUntil.getTime() < Date.now();
      if (!socket.authorized && !isExpired)
        return end({ kind: 'broken', host, reason: `not believed: ${socket.authorizationError.message}` });
      end({ kind: 'shown', host, validUntil });
    });
    socket.once('timeout', () => end({ kind: 'broken', host, reason: `no answer within ${LIMIT_MS / 1000} s` }));
    socket.once('error', (error: NodeJS.ErrnoException) => end({ kind: 'broken', host, reason: error.code ?? error.message }));
    signal.addEventListener('abort', () => end({ kind: 'broken', host, reason: 'called off' }), { once: true });
  });
}
