import { setTimeout as sleep } from 'node:timers/promises';
import { silentFrames } from '#audio/frame.ts';
import { describeAudioTransport } from '#ports/testing/audio-transport.contract.ts';
import { arrive, openRig, SIGNAL } from './testing/asterisk-rig.ts';

describeAudioTransport('the media socket of Asterisk', async (listener) => {
  const rig = await openRig();
  const { caller, leg } = await arrive(rig);
  const transport = await leg.openMedia(listener, { signal: SIGNAL });
  await leg.answer({ signal: SIGNAL });
  await caller.answered;
  return {
    transport,
    pass: (ms) => sleep(ms),
    callerFrame: (sample) => caller.sendFrame(silentFrames(1).fill(sample)),
    endLeg: () => caller.hangUp(),
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
});
