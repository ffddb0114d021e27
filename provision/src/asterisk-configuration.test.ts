// The rendered Asterisk: what it lets in, and what it must never let in.
import { describe, expect, it } from 'vitest';
import { renderAsterisk } from './asterisk-configuration.ts';
import { describeInstance } from './instance.ts';
import type { InstanceInput } from './instance.ts';

const root = {
  dir: '/srv/root',
  multiarch: 'x86_64-linux-gnu',
  users: { asterisk: { uid: 990, gid: 991 }, postgres: { uid: 992, gid: 993 }, prometheus: { uid: 994, gid: 995 } },
  versions: {},
};

const sample: InstanceInput = {
  name: 'sample',
  dir: '/srv/instances/sample',
  bindAddress: '127.0.0.1',
  ports: { sip: 5062, ari: 8089, rtpFirst: 30_000, rtpLast: 30_100, postgres: 5434 },
  passwords: {
    ari: 'ari-password',
    databaseMigrator: 'migrator-password',
    databaseApp: 'app-password',
    databaseMonitor: 'monitor-password',
    asteriskMetrics: 'metrics-password',
    testCaller: 'caller-password',
  },
};

function render(change: Partial<InstanceInput> = {}): (path: string) => string {
  const files = new Map(renderAsterisk(describeInstance(root, { ...sample, ...change })).map((file) => [file.path, file.text]));
  return (path) => files.get(path) ?? '';
}

/** The sections of an Asterisk file: `[name](templates)` -> its settings. A name may come several times. */
function sections(text: string): { name: string; settings: string[] }[] {
  const found: { name: string; settings: string[] }[] = [];
  for (const line of text.split('\n')) {
    const header = /^\[([^\]]+)\]/.exec(line);
    if (header?.[1] !== undefined) found.push({ name: header[1], settings: [] });
    else if (line.trim() !== '' && !line.startsWith(';')) found.at(-1)?.settings.push(line.trim());
  }
  return found;
}

describe('SIP', () => {
  it('has no phone, no trunk and no anonymous endpoint in files: only the test caller is there before the control plane', () => {
    const text = render()('pjsip.conf');
    expect(new Set(sections(text).map(({ name }) => name))).toEqual(new Set(['global', 'system', 'transport-udp', 'test-caller']));
    expect(text).toContain('endpoint_identifier_order = auth_username,username,ip');
  });

  it('keeps what the control plane pushes in Asterisk itself, behind the files', () => {
    const settings = sections(render()('sorcery.conf')).flatMap((section) => section.settings);
    for (const type of ['endpoint', 'auth', 'aor', 'identify', 'registration']) {
      const wizards = settings.filter((line) => line.startsWith(`${type} = `)).map((line) => line.split(/[=,]/)[1]?.trim());
      expect([type, wizards]).toEqual([type, ['config', 'astdb']]);
    }
  });

  it('lets the test caller in from this machine alone', () => {
    const caller = sections(render()('pjsip.conf')).find(({ name }) => name === 'test-caller');
    expect(caller?.settings).toEqual(
      expect.arrayContaining(['deny = 0.0.0.0/0', 'permit = 127.0.0.0/255.0.0.0', 'context = from-test-caller']),
    );
  });

  it('tells the outside address only behind address translation', () => {
    expect(render()('pjsip.conf')).not.toContain('external_media_address');
    const text = render({ nat: { externalAddress: '203.0.113.9', localNetworks: ['10.0.0.0/8'] } })('pjsip.conf');
    expect(text).toContain('external_media_address = 203.0.113.9');
    expect(text).toContain('local_net = 10.0.0.0/8');
  });
});

describe('the dialplan', () => {
  it('cuts a call off a little after the control plane ends it, which counts from the answer', () => {
    expect(render({ limits: { maxCallSeconds: 600 } })('extensions.conf')).toContain('MAX_CALL_SECONDS = 630');
  });

  it('caps, records and hands over every inbound call, in this order', () => {
    const text = render({ limits: { maxCallSeconds: 600 } })('extensions.conf');
    const inbound =
      sections(text)
        .find(({ name }) => name === 'inbound')
        ?.settings.join('\n') ?? '';
    const order = ['TIMEOUT(absolute)', 'MixMonitor(', 'Stasis(', 'STASISSTATUS'].map((word) => inbound.indexOf(word));
    expect(order.every((at) => at >= 0)).toBe(true);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });

  it('gives trunks and the test caller no way to any phone, and no inbound context a way out', () => {
    const all = sections(render()('extensions.conf'));
    for (const name of ['from-trunk', 'from-test-caller', 'inbound']) {
      const settings = all.find((section) => section.name === name)?.settings.join('\n');
      expect(settings).toBeDefined();
      expect(settings).not.toContain('Dial(');
    }
  });

  it("lets a phone ring its own organization's phones, and no name that it dialled itself", () => {
    const settings = sections(render()('extensions.conf')).find(({ name }) => name === 'from-phones')?.settings ?? [];
    const dialled = settings.filter((line) => line.includes('Dial('));
    expect(dialled).toEqual(['same => n,Dial(PJSIP/${COLLEAGUE},30)']);
    expect(settings).toContain('same => n,Set(COLLEAGUE=${DIALLED}-${CHANNEL(tenantid)})');
  });

  it('ends a call between two phones after 4 hours, and leaves the cap of every other call as it is', () => {
    const text = render({ limits: { maxCallSeconds: 600 } })('extensions.conf');
    expect(text).toContain('MAX_COLLEAGUE_SECONDS = 14400');
    const settings = sections(text).find(({ name }) => name === 'from-phones')?.settings ?? [];
    const [toAgent, cap, dial] = ['?inbound', 'Set(TIMEOUT(absolute)=${MAX_COLLEAGUE_SECONDS})', 'Dial('].map((word) =>
      settings.findIndex((line) => line.includes(word)),
    );
    expect(toAgent).toBeGreaterThan(0);
    expect(cap).toBe(Number(toAgent) + 1);
    expect(dial).toBe(Number(cap) + 1);
  });

  it('refuses on every way in a Call-ID that ARI could not tell, before anything else, and never uses what was dialled without filtering it', () => {
    const all = sections(render()('extensions.conf'));
    for (const context of ['from-trunk', 'from-test-caller', 'from-phones']) {
      const settings = all.find(({ name }) => name === context)?.settings ?? [];
      expect(settings[0]).toBe('exten => _[+0-9]X!,1,Gosub(readable,s,1)');
      const uses = settings.filter((line) => line.includes('EXTEN'));
      expect(uses).toHaveLength(1);
      for (const line of uses) expect(line).toContain('${FILTER(+0-9,${EXTEN})}');
    }
    const readable = all.find(({ name }) => name === 'readable')?.settings;
    expect(readable?.[0]).toContain('REGEX("^[ -~]+$" ${CHANNEL(pjsip,call-id)})');
  });

  it('refuses instead of apologising behind a balancer', () => {
    expect(render()('extensions.conf')).toContain('BEHIND_BALANCER = 0');
    expect(render({ behindBalancer: true })('extensions.conf')).toContain('BEHIND_BALANCER = 1');
  });
});

describe('the edges', () => {
  it('keeps HTTP on the loopback whatever address SIP listens on', () => {
    const http = render({ bindAddress: '0.0.0.0' })('http.conf');
    expect(http).toContain('bindaddr = 127.0.0.1');
    expect(http).toContain('bindport = 8089');
  });

  it('loads no module that lets a caller transfer himself or reach the manager interface', () => {
    const modules = render()('modules.conf');
    expect(modules).not.toMatch(/^load = (res_pjsip_refer|app_system|res_agi|func_shell)/m);
    expect(render()('manager.conf')).toContain('enabled = no');
    expect(render()('asterisk.conf')).toContain('live_dangerously = no');
  });

  it('refuses a description that would break out of its line, naming the field', () => {
    expect(() => render({ fallbackDestination: 'PJSIP/2001\nallow = all' })).toThrow(/fallbackDestination/);
    expect(() => render({ passwords: { ...sample.passwords, ari: 'short' } })).toThrow(/passwords\.ari/);
    expect(() => render({ ports: { ...sample.ports, rtpLast: 30_001 } })).toThrow(/rtpLast/);
  });

  it('renders the same text twice', () => {
    const instance = describeInstance(root, sample);
    expect(renderAsterisk(instance)).toEqual(renderAsterisk(instance));
  });
});
