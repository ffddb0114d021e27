/** How far a file is: a bar that moves on a terminal, a plain line now and then in a log. */

export type ProgressSink = { readonly isTerminal: boolean; readonly write: (text: string) => void; readonly nowMs: () => number };
export type ProgressBar = {
  readonly show: (label: string, present: number, total: number | null) => void;
  /** Before anything else is printed. */
  readonly end: () => void;
};

const TERMINAL_EVERY_MS = 200;
const LOG_EVERY_MS = 15_000;
const WIDTH = 30;

export function openProgressBar(sink: ProgressSink): ProgressBar {
  let lastMs = Number.NEGATIVE_INFINITY;
  let since: { label: string; atMs: number; bytes: number } | null = null;
  let isOpen = false;
  const everyMs = sink.isTerminal ? TERMINAL_EVERY_MS : LOG_EVERY_MS;
  return {
    show(label, present, total) {
      const now = sink.nowMs();
      if (since?.label !== label) since = { label, atMs: now, bytes: present };
      const isLast = total !== null && present >= total;
      if (now - lastMs < everyMs && !(isLast && sink.isTerminal)) return;
      lastMs = now;
      const seconds = (now - since.atMs) / 1_000;
      const text = renderProgress(label, { present, total, bytesPerSecond: seconds > 0 ? (present - since.bytes) / seconds : 0 });
      sink.write(sink.isTerminal ? `\r\u001B[K${text}` : `${text}\n`);
      isOpen = sink.isTerminal;
    },
    end() {
      if (isOpen) sink.write('\r\u001B[K');
      isOpen = false;
      lastMs = Number.NEGATIVE_INFINITY;
    },
  };
}

/** One line, such as `encoder.onnx [=====>     ]  52 %  340 of 652 MB  11.2 MB/s  28 s`. */
export function renderProgress(
  label: string,
  { present, total, bytesPerSecond }: { readonly present: number; readonly total: number | null; readonly bytesPerSecond: number },
): string {
  const speed = bytesPerSecond > 0 ? `  ${(bytesPerSecond / 1e6).toFixed(1)} MB/s` : '';
  if (total === null || total === 0) return `${label}  ${megabytes(present)} MB${speed}`;
  const share = Math.min(1, present / total);
  const filled = Math.floor(share * WIDTH);
  const bar = `${'='.repeat(filled)}${filled < WIDTH ? '>' : ''}`.padEnd(WIDTH);
  const left = bytesPerSecond > 0 && present < total ? `  ${Math.ceil((total - present) / bytesPerSecond)} s` : '';
  return `${label} [${bar}] ${String(Math.floor(share * 100)).padStart(3)} %  ${megabytes(present)} of ${megabytes(total)} MB${speed}${left}`;
}

function megabytes(bytes: number): string {
  return bytes < 10e6 ? (bytes / 1e6).toFixed(1) : (bytes / 1e6).toFixed(0);
}
