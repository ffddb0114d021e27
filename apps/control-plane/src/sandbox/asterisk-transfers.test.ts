import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { rmsDbfs } from '#audio/frame.ts';
import type { TransferProgress } from '#ports/call-control.ts';
import type { StandInPhone } from './asterisk-stand-in-leg.ts';
import { expectNothingLeft, kinds, loudFrames, marks, openRig, openTalk, type Rig, transferRequest } from './testing/asterisk-rig.ts';

const phone = (extension: string) => ({ organizationSlug: 'clinica', extension });

function phoneOf(rig: Rig, endpoint = 'PJSIP/201-clinica'): Promise<StandInPhone> {
  return new Promise((resolve) => rig.standIn.registerPhone(endpoint, resolve));
}

test('a transfer rings, the caller hears ringing meanwhile, and both talk without us', async () => {
  await using rig = await openRig();
  const { caller, leg, transport, heard, sound } = await openTalk(rig);
  const ringing = phoneOf(rig);
  const outcome = leg.transfer(phone('201'), transferRequest());
  const telephone = await ringing;
  await vi.waitFor(() => expect(heard.some((pcm) => rmsDbfs(pcm) > -25)).toBe(true), { timeout: 5_000 });
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

/** What is told: a level that neither ringing nor anybody else has. */
const TOLD = 3_333;

/** A transfer that was answered and whose brief of `ms` is being heard. */
async function openBriefing(rig: Rig, ms = 4_000) {
  const talk = await openTalk(rig);
  const ringing = phoneOf(rig);
  const progress: TransferProgress[] = [];
  const brief = Promise.resolve(new Int16Array(ms * 16).fill(TOLD));
  const outcome = talk.leg.transfer(phone('201'), transferRequest({ brief, onProgress: (event) => progress.push(event) }));
  const telephone = await ringing;
  const atPhone: Int16Array[] = [];
  telephone.onFrame((pcm) => atPhone.push(pcm));
  telephone.answer();
  const isTold = (): boolean => atPhone.some((pcm) => pcm[0] === TOLD);
  await vi.waitFor(() => expect(isTold()).toBe(true), { timeout: 3_000 });
  return { ...talk, outcome, telephone, atPhone, progress };
}

test('whoever answers hears the whole brief alone, the caller ringing meanwhile; then both hear each other and no brief', async () => {
  await using rig = await openRig();
  const { caller, leg, outcome, telephone, atPhone, heard, progress } = await openBriefing(rig, 1_000);
  heard.length = 0;
  caller.sendFrame(loudFrames(1));
  telephone.sendFrame(loudFrames(1));
  await vi.waitFor(() => expect(progress.at(-1)).toEqual({ kind: 'briefed', by: 'end', heardMs: 1_000 }), { timeout: 5_000 });
  expect(atPhone.filter((pcm) => pcm[0] === TOLD)).toHaveLength(50);
  expect(atPhone.filter((pcm) => pcm[0] === 8_000)).toEqual([]);
  expect(heard.length).toBeGreaterThan(10);
  expect(heard.filter((pcm) => pcm[0] === TOLD || pcm[0] === 8_000)).toEqual([]);
  heard.length = 0;
  await vi.waitFor(() => {
    telephone.sendFrame(loudFrames(1));
    expect(heard.some((pcm) => pcm[0] === 8_000)).toBe(true);
  });
  expect(rig.standIn.leftovers().bridges).toHaveLength(1);
  telephone.hangUp();
  expect((await outcome).kind).toBe('bridged');
  await leg.hangUp();
  await expectNothingLeft(rig);
});

test('who declines during the brief leaves the caller with us, and nothing of it behind', async () => {
  await using rig = await openRig();
  const { caller, leg, outcome, telephone, sound } = await openBriefing(rig);
  telephone.sendDtmf('2');
  expect(await outcome).toEqual({ kind: 'declined', by: 'key' });
  expect(await telephone.ended).toBe(16);
  await vi.waitFor(() =>
    expect(rig.standIn.leftovers()).toMatchObject({ channels: { length: 2 }, bridges: { length: 1 }, mediaSockets: 1 }),
  );
  sound.length = 0;
  await vi.waitFor(() => {
    caller.sendFrame(loudFrames(1));
    expect(kinds(sound)).toContain('frame');
  });
  await leg.hangUp();
  await expectNothingLeft(rig);
});

test('all sound may be lost during a brief: the two talk all the same', async () => {
  await using rig = await openRig();
  const { caller, leg, outcome, telephone, heard, progress } = await openBriefing(rig);
  rig.standIn.cutMedia();
  await vi.waitFor(() => expect(progress.at(-1)).toMatchObject({ kind: 'briefed', by: 'end' }));
  heard.length = 0;
  await vi.waitFor(() => {
    telephone.sendFrame(loudFrames(1));
    expect(heard.some((pcm) => pcm[0] === 8_000)).toBe(true);
  });
  caller.hangUp();
  expect((await outcome).kind).toBe('bridged');
  await leg.hangUp();
  await expectNothingLeft(rig);
});

test('a telephone that hangs up during the brief while the control connection is cut sends the caller back when it is there again', async () => {
  await using rig = await openRig();
  const { leg, outcome, telephone } = await openBriefing(rig);
  rig.standIn.cutControl();
  telephone.hangUp();
  expect(await outcome).toEqual({ kind: 'declined', by: 'hung_up' });
  await leg.hangUp();
  await expectNothingLeft(rig);
});

test('a leg that is hung up during the brief takes everything with it', async () => {
  await using rig = await openRig();
  const { leg, outcome, telephone } = await openBriefing(rig);
  await leg.hangUp();
  expect(await outcome).toEqual({ kind: 'caller_gone' });
  await telephone.ended;
  await expectNothingLeft(rig);
});

test('a transfer that reaches nobody says why and gives the sound back', async () => {
  await using rig = await openRig();
  const { leg, transport, sound } = await openTalk(rig);
  const options = transferRequest({ ringMs: 300 });
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
    const outcome = leg.transfer(phone('201'), transferRequest());
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
  const outcome = leg.transfer(phone('201'), transferRequest());
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
  const outcome = leg.transfer(phone('201'), transferRequest({ signal: controller.signal })).catch((error: unknown) => error);
  const telephone = await ringing;
  controller.abort(new Error('changed our mind'));
  expect(await outcome).toMatchObject({ message: 'changed our mind' });
  await telephone.ended;
  await leg.hangUp();
  await expectNothingLeft(rig);
});
