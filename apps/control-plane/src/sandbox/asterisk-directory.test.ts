import { describe, expect, test, vi } from 'vitest';
import type { DirectoryEntry, DirectoryKey, DirectoryPhone, DirectoryTrunk } from '#ports/telephony-directory.ts';
import { openRig, SIGNAL } from './testing/asterisk-rig.ts';

const options = { signal: SIGNAL };
const digestHa1 = 'c214816d5174ae77e781e18b9dce9214';
const phone = (extension = '2001', changes: Partial<DirectoryPhone> = {}): DirectoryPhone => ({
  kind: 'phone',
  username: `${extension}-clinica`,
  organizationSlug: 'clinica',
  extension,
  displayName: "Recepción d'or",
  digestHa1,
  ...changes,
});
const trunk = (changes: Partial<DirectoryTrunk> = {}): DirectoryTrunk => ({
  kind: 'trunk',
  name: 'carrier',
  host: 'sip.carrier.example',
  port: 5060,
  matches: ['192.0.2.0/24', '198.51.100.7'],
  credentials: { username: 'clinic', password: 'secret' },
  registers: true,
  ...changes,
});
/** A comparison whose wishes did not change meanwhile. */
const lookingIn = (entries: readonly DirectoryEntry[]) => ({
  ...options,
  lookAgain: async ({ kind, name }: DirectoryKey) =>
    entries.find((entry) => entry.kind === kind && name === (entry.kind === 'phone' ? entry.username : entry.name)) ?? null,
});
const phoneKey = { kind: 'phone', name: '2001-clinica' } as const;
const trunkKey = { kind: 'trunk', name: 'carrier' } as const;

describe('the directory in Asterisk', () => {
  test('a phone becomes a digest, an address of record and an endpoint of its organization; no password is among them', async () => {
    await using rig = await openRig();
    const { objects } = rig.standIn;
    expect(await rig.asterisk.directory.put(phone(), options)).toEqual({ kind: 'applied' });
    expect([...objects.keys()]).toEqual(['auth/2001-clinica', 'aor/2001-clinica', 'endpoint/2001-clinica']);
    expect(Object.fromEntries(objects.get('auth/2001-clinica') ?? [])).toEqual({
      auth_type: 'md5',
      username: '2001-clinica',
      realm: 'asterisk',
      md5_cred: digestHa1,
    });
    expect(Object.fromEntries(objects.get('endpoint/2001-clinica') ?? [])).toMatchObject({
      context: 'from-phones',
      tenantid: 'clinica',
      callerid: '"Recepción d\'or" <2001>',
    });
    expect(await rig.asterisk.directory.remove(phoneKey, options)).toEqual({ kind: 'applied' });
    expect(await rig.asterisk.directory.remove(phoneKey, options)).toEqual({ kind: 'applied' });
    expect(objects.size).toBe(0);
  });

  test('a trunk has an object for each of its addresses, and registers only when it should', async () => {
    await using rig = await openRig();
    const { objects } = rig.standIn;
    await rig.asterisk.directory.put(trunk(), options);
    expect([...objects.keys()]).toEqual([
      'auth/trunk-carrier',
      'aor/trunk-carrier',
      'endpoint/trunk-carrier',
      'identify/trunk-carrier.1',
      'identify/trunk-carrier.2',
      'registration/trunk-carrier',
    ]);
    const changed = trunk({ matches: ['203.0.113.9'], host: '203.0.113.9', credentials: null, registers: false });
    expect(await rig.asterisk.directory.put(changed, options)).toEqual({ kind: 'applied' });
    expect([...objects.keys()].toSorted()).toEqual(['aor/trunk-carrier', 'endpoint/trunk-carrier', 'identify/trunk-carrier.1']);
    expect(objects.get('aor/trunk-carrier')?.get('contact')).toBe('sip:203.0.113.9:5060');
    expect(objects.get('identify/trunk-carrier.1')?.get('match')).toBe('203.0.113.9/255.255.255.255');
    expect(objects.get('endpoint/trunk-carrier')?.get('outbound_auth')).toBe('');
  });

  test('a comparison changes nothing when nothing differs, and puts right what was changed, taken away or added behind its back', async () => {
    await using rig = await openRig();
    const { objects } = rig.standIn;
    const { directory } = rig.asterisk;
    const wanted = [phone(), phone('2002'), trunk()];
    expect(await directory.reconcile(wanted, lookingIn(wanted))).toMatchObject({
      unchanged: 0,
      pushed: { length: 3 },
      removed: [],
      failed: [],
    });
    const before = structuredClone(objects);
    expect(await directory.reconcile(wanted, lookingIn(wanted))).toMatchObject({ unchanged: 3, pushed: [], removed: [], failed: [] });
    objects.get('endpoint/2001-clinica')?.set('tenantid', 'somebody-else');
    objects.delete('aor/2002-clinica');
    objects.set('endpoint/2999-gone', new Map()).set('auth/2999-gone', new Map());
    objects.set('endpoint/not-ours', new Map());
    const report = await directory.reconcile(wanted, lookingIn(wanted));
    expect(report).toMatchObject({ unchanged: 1, removed: [{ kind: 'phone', name: '2999-gone' }], failed: [] });
    expect(report.pushed.map(({ name }) => name).toSorted()).toEqual(['2001-clinica', '2002-clinica']);
    objects.delete('endpoint/not-ours');
    expect(Object.fromEntries(objects)).toEqual(Object.fromEntries(before));
  });

  test('a comparison pushes and removes what is wanted at that moment, not what was wanted when it began', async () => {
    await using rig = await openRig();
    const { objects } = rig.standIn;
    const { directory } = rig.asterisk;
    // Meanwhile another process gave the first a new digest, removed the second and added the third, and told Asterisk so.
    const newer = [phone('2001', { digestHa1: 'f'.repeat(32) }), phone('2003')];
    for (const entry of newer) await directory.put(entry, options);
    const report = await directory.reconcile([phone(), phone('2002')], lookingIn(newer));
    expect(report).toMatchObject({ unchanged: 2, pushed: [], removed: [{ kind: 'phone', name: '2002-clinica' }], failed: [] });
    expect(objects.get('auth/2001-clinica')?.get('md5_cred')).toBe('f'.repeat(32));
    expect([...objects.keys()].filter((name) => name.startsWith('endpoint/'))).toEqual(['endpoint/2001-clinica', 'endpoint/2003-clinica']);
  });

  test('a half-applied push is said with its reason, repaired by the next comparison, and removed when it is not wanted any more', async () => {
    await using rig = await openRig();
    const { objects } = rig.standIn;
    const { directory } = rig.asterisk;
    const refusing = vi.spyOn(objects, 'set').mockImplementation(function (this: typeof objects, name, object) {
      return name.startsWith('endpoint/') ? this : Map.prototype.set.call(this, name, object);
    });
    expect(await directory.put(phone(), options)).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining("'2001-clinica' not found"),
    });
    expect([...objects.keys()]).toEqual(['auth/2001-clinica', 'aor/2001-clinica']);
    await directory.put(phone('2002'), options);
    refusing.mockRestore();
    expect(await directory.reconcile([phone()], lookingIn([phone()]))).toMatchObject({
      pushed: [phoneKey],
      removed: [{ kind: 'phone', name: '2002-clinica' }],
    });
    expect([...objects.keys()].filter((name) => name.includes('2002'))).toEqual([]);
  });

  test('what could mean more to Asterisk than it says never leaves', async () => {
    await using rig = await openRig();
    const { directory } = rig.asterisk;
    const hostile = [
      phone('2001', { username: '2001-clinica/../x' }),
      phone('2001', { username: 'test-caller' }),
      phone('2001', { displayName: 'x"\nallow=all' }),
      trunk({ name: 'Up per' }),
      trunk({ host: 'a\r\nb' }),
      trunk({ matches: Array.from({ length: 17 }, (_, index) => `192.0.2.${index}`) }),
    ];
    for (const entry of hostile) expect(await directory.put(entry, options)).toMatchObject({ kind: 'failed' });
    expect(rig.standIn.objects.size).toBe(0);
  });

  test('who follows the directory is told at every connection', async () => {
    await using rig = await openRig();
    const connected = vi.fn<() => void>();
    rig.asterisk.directory.onConnected(connected);
    rig.standIn.cutControl();
    await vi.waitFor(() => expect(connected).toHaveBeenCalledOnce());
    expect(await rig.asterisk.directory.remove(trunkKey, options)).toEqual({ kind: 'applied' });
  });
});
