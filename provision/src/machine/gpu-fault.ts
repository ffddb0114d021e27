/** Why nvidia-smi gave no boards, in words, with what puts it right. Exit codes are those of NVML; the texts are nvidia-smi's own. Pure. */
import { DRIVER_WANTED, NEWER_DRIVER } from './gpu-driver.ts';
import type { GpuReport } from './hardware.ts';
import type { CommandAnswer } from './probe-command.ts';

type Fault = Extract<GpuReport, { kind: 'broken' }>;

const fault = (reason: string, fix: string): Fault => ({ kind: 'broken', reason, fix });

const INSTALL = `install the driver, ${DRIVER_WANTED} or newer (Debian and RHEL: cuda-drivers from NVIDIA's repository, their own are older; Ubuntu: ubuntu-drivers install), then reboot`;

/** What an answer that carries no boards means. */
export function explainNvidiaSmi(answer: Exclude<CommandAnswer, { kind: 'absent' }>, limitMs: number): Fault {
  if (answer.kind === 'hung') return hungNvidiaSmi(limitMs);
  if (answer.kind === 'failed')
    return fault(`nvidia-smi could not be run: ${answer.reason}`, 'run nvidia-smi by hand; install the driver again if it fails there too');
  const text = `${answer.stdout}\n${answer.stderr}`;
  const firstLine = text.split('\n').find((line) => line.trim() !== '') ?? 'no output';
  if (/version mismatch/i.test(text) || answer.exitCode === 18)
    return fault(
      `the NVIDIA driver in the kernel and its library are of different versions (${firstLine.trim()})`,
      'reboot, so that the kernel loads the driver that was installed last',
    );
  if (/GPU is lost|fallen off the bus|Unable to determine the device handle/i.test(text) || answer.exitCode === 15)
    return fault(
      `a board dropped off the bus (${firstLine.trim()})`,
      'look for Xid 79 in `dmesg`, check power and seating of the board, then reboot',
    );
  if (/is not a valid field to query/i.test(text)) return fault(`the driver is too old to be asked (${firstLine.trim()})`, NEWER_DRIVER);
  if (/couldn't communicate with the NVIDIA driver/i.test(text) || answer.exitCode === 9)
    return fault('nvidia-smi is there and no driver is loaded', `try \`modprobe nvidia\`; if that fails, ${INSTALL}`);
  if (/No devices were found/i.test(text) || answer.exitCode === 6)
    return fault('the driver is loaded and finds no board', 'check that the board is seated and powered, and `dmesg | grep -i nvrm`');
  if (/libnvidia-ml/i.test(text) || answer.exitCode === 12) return fault("the driver's library libnvidia-ml.so is missing", INSTALL);
  return fault(`nvidia-smi ended with exit code ${answer.exitCode}: ${firstLine.trim().slice(0, 160)}`, INSTALL);
}

/** nvidia-smi did not come back. */
export function hungNvidiaSmi(limitMs: number): Fault {
  return fault(
    `nvidia-smi did not answer within ${limitMs / 1000} s`,
    'look for Xid lines in `dmesg`; end what holds the board (`fuser -v /dev/nvidia*`); if it still hangs, reboot',
  );
}

/** A board without a driver's program. */
export function driverMissing(board: string): Fault {
  return fault(`an NVIDIA board is there (${board}) and nvidia-smi is not`, INSTALL);
}

/** An answer that is no list of boards. */
export function unreadableAnswer(line: string, why: string): Fault {
  return fault(
    `nvidia-smi gave an answer that cannot be believed: ${why}, in ${JSON.stringify(line)}`,
    `run the same query by hand; reset the board (\`nvidia-smi --gpu-reset\`) or reboot, and keep the driver at ${DRIVER_WANTED} or newer`,
  );
}
