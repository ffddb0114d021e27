import { setTimeout as sleep } from 'node:timers/promises';
import { describeTransfer } from '#ports/testing/transfer.contract.ts';
import type { StandInPhone } from './asterisk-stand-in-leg.ts';
import { expectNothingLeft, first, openRig, openTalk } from './testing/asterisk-rig.ts';

describeTransfer('a leg of Asterisk', async () => {
  const rig = await openRig();
  const { caller, leg } = await openTalk(rig);
  const ringing: StandInPhone[] = [];
  rig.standIn.registerPhone('PJSIP/201-clinica', (telephone) => ringing.push(telephone));
  return {
    leg,
    target: { organizationSlug: 'clinica', extension: '201' },
    async rings() {
      const telephone = await first(ringing);
      ringing.length = 0;
      return { answers: () => telephone.answer(), presses: (digit) => telephone.sendDtmf(digit), hangsUp: () => telephone.hangUp() };
    },
    callerHangsUp: () => caller.hangUp(),
    pass: (ms) => sleep(ms),
    async [Symbol.asyncDispose]() {
      await leg.hangUp();
      await expectNothingLeft(rig);
      await rig[Symbol.asyncDispose]();
    },
  };
});
