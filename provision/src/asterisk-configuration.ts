/** Renders an instance's Asterisk configuration: the fixed files as they are, the templates filled in. */
import { readdirSync, readFileSync } from 'node:fs';
import { ARI_USER, METRICS_USER } from './instance.ts';
import type { Instance } from './instance.ts';
import { fillTemplate } from './template.ts';

/** One file to write below some folder. */
export type RenderedFile = { readonly path: string; readonly text: string };

const CONFIG_FOLDER = new URL('../../asterisk/config/', import.meta.url);
const TEMPLATE_FOLDER = new URL('../../asterisk/templates/', import.meta.url);

/**
 * The dialplan's cap comes after the control plane's, which counts from the answer: a call rings 10 s until then at the longest. Without it, the
 * dialplan would cut off every long call in mid-word, and none would end as what it was, too long.
 */
const BACKSTOP_SECONDS = 30;

/** Every file of the folder that Asterisk reads its configuration from. Same instance, same text. */
export function renderAsterisk(instance: Instance): readonly RenderedFile[] {
  const { ports, limits } = instance;
  const fixed = readdirSync(CONFIG_FOLDER)
    .sort()
    .map((path) => ({ path, text: readFileSync(new URL(path, CONFIG_FOLDER), 'utf8') }));
  return [
    ...fixed,
    // Twice the calls, everybody on hold and a few: whom the control plane refuses politely must still get in.
    render('asterisk.conf', {
      multiarch: instance.root.multiarch,
      maxCalls: limits.maxConcurrentCalls * 2 + limits.maxWaitingCallers + 10,
      maxFiles: limits.serverFiles,
    }),
    render('http.conf', { ariAddress: instance.network.ariAddress, ariPort: ports.ari }),
    render('ari.conf', { ariUser: ARI_USER, ariPassword: instance.passwords.ari }),
    render('prometheus.conf', { metricsUser: METRICS_USER, metricsPassword: instance.passwords.asteriskMetrics }),
    render('rtp.conf', { rtpFirst: ports.rtpFirst, rtpLast: ports.rtpLast }),
    renderPjsip(instance),
    render('join-recording.sh', {}),
    render('extensions.conf', {
      application: instance.application,
      maxCallSeconds: limits.maxCallSeconds + BACKSTOP_SECONDS,
      behindBalancer: instance.behindBalancer ? 1 : 0,
      fallbackDestination: instance.fallbackDestination,
    }),
  ];
}

function renderPjsip(instance: Instance): RenderedFile {
  return render('pjsip.conf', {
    bindAddress: instance.bindAddress,
    // The installation's own test call comes from the address that SIP listens on, when that is one of many.
    ownAddress: instance.bindAddress === '0.0.0.0' ? '127.0.0.1' : instance.bindAddress,
    sipPort: instance.ports.sip,
    natOptions: natOptions(instance),
    rtpTimeoutSeconds: instance.limits.rtpTimeoutSeconds,
    rtpTimeoutHoldSeconds: instance.limits.rtpTimeoutHoldSeconds,
    testCallerPassword: instance.passwords.testCaller,
  });
}

function natOptions({ nat }: Instance): string {
  if (!nat) return '';
  const lines = [`external_media_address = ${nat.externalAddress}`, `external_signaling_address = ${nat.externalAddress}`];
  return [...lines, ...nat.localNetworks.map((network) => `local_net = ${network}`)].join('\n');
}

function render(path: string, values: Readonly<Record<string, string | number>>): RenderedFile {
  return { path, text: fillTemplate(readTemplate(path), values) };
}

function readTemplate(path: string): string {
  return readFileSync(new URL(path, TEMPLATE_FOLDER), 'utf8');
}
