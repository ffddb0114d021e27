import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { rmsDbfs } from '#audio/frame.ts';
import type { StandInPhone } from './asterisk-stand-in-leg.ts';
import { expectNothingLeft, kinds, loudFrames, marks, openRig, openTalk, type Rig, SIGNAL } from './testing/asterisk-rig.ts';

const phone = (extension: string) => ({ organizationSlug: 'clinica', extension });

function phoneOf(rig: Rig, endpoint = 'PJSIP/201-clinica'): Promise<StandInPhone> {
  return new Promise((resolve) => rig.standIn.registerPhone(endpoint, resolve));
}

test('a transfer rings, the caller hears ringing meanwhile, and both talk without us', async () => {
  await using rig = await openRig();
  const { caller, leg, transport, heard, sound } = await openTalk(rig);
  const ringing = phoneOf(rig);
  const outcome = leg.transfer(phone('201'), { ringMs: 5_000, signal: SIGNAL });
  const telephone = await ringing;
  await vi.waitFor(() => expect(heard.some((pcm) => rmsDbfs(pcm) > -25)).toBe(true));
  transport.send(loudFrames(1));
  telephone.answer();
  const atPhone: Int16Array[] = [];
  telephone.onFrame((pcm) => atPhone.push(pcm));
  await vi.waitFor(() => {
    caller.sendFrame(loudFrames(1));
    expect(atPhone.length).toBeGreaterThan(0);
  });
  heard.length = 0;
  telephone.sendFrame(loudFrames(1));
  expect(heard).toHaveLength(1);
  telephone.hangUp();
  expect(await outcome).toMatchObject({ kind: 'bridged', talkedMs: expect.any(Number) });
  sound.length = 0;
  caller.sendFrame(loudFrames(1));
  await vi.waitFor(() => expect(kinds(sound)).toContain('frame'));
  await leg.hangUp();
  await expectNothingLeft(rig);
});

test('a transfer that reaches nobody says why and gives the sound back', async () => {
  await using rig = await openRig();
  const { leg, transport, sound } = await openTalk(rig);
  const options = { ringMs: 300, signal: SIGNAL };
  rig.standIn.registerPhone('PJSIP/201-clinica', (phone) => phone.decline());
  expect(await leg.transfer(phone('201'), options)).toEqual({ kind: 'busy' });
  rig.standIn.registerPhone('PJSIP/202-clinica', () => undefined);
  expect(await leg.transfer(phone('202'), options)).toEqual({ kind: 'no_answer' });
  expect(await leg.transfer(phone('203'), options)).toMatchObject({ kind: 'failed', cause: expect.stringContaining('Allocation failed') });
  expect(await leg.transfer(phone('0034@trunk'), options)).toMatchObject({ kind: 'failed' });
  transport.send(loudFrames(1));
  transport.mark('back');
  await vi.waitFor(() => expect(marks(sound)).toEqual(['back']));
  await leg.hangUp();
  await expectNothingLeft(rig);
});

test('a caller who hangs up while it rings, or while they talk, ends the transfer and the other telephone', async () => {
  await using rig = await openRig();
  for (const talks of [false, true]) {
    const { caller, leg } = await openTalk(rig);
    const ringing = phoneOf(rig);
    const outcome = leg.transfer(phone('201'), { ringMs: 5_000, signal: SIGNAL });
    const telephone = await ringing;
    if (talks) {
      telephone.answer();
      await sleep(50);
    }
    caller.hangUp();
    expect((await outcome).kind).toBe(talks ? 'bridged' : 'caller_gone');
    expect(await telephone.ended).toBe(16);
    await expectNothingLeft(rig);
  }
});

test('a representative who hangs up while the control connection is cut ends the talk when it is back', async () => {
  await using rig = await openRig();
  const { leg } = await openTalk(rig);
  const ringing = phoneOf(rig);
  const outcome = leg.transfer(phone('201'), { ringMs: 5_000, signal: SIGNAL });
  const telephone = await ringing;
  telephone.answer();
  await sleep(50);
  rig.standIn.cutControl();
  telephone.hangUp();
  expect((await outcome).kind).toBe('bridged');
  await leg.hangUp();
  await expectNothingLeft(rig);
});

test('an aborted transfer rejects with the reason and stops the ringing', async () => {
  await using rig = await openRig();
  const { leg } = await openTalk(rig);
  const ringing = phoneOf(rig);
  const controller = new AbortController();
  const outcome = leg.transfer(phone('201'), { ringMs: 5_000, signal: controller.signal }).catch((error: unknown) => error);
  const telephone = await ringing;
  controller.abort(new Error('changed our mind'));
  expect(await outcome).toMatchObject({ message: 'changed our mind' });
  await telephone.ended;
  await leg.hangUp();
  await expectNothingLeft(rig);
});
