// Which part of a recording a request asks for (RFC 9110, section 14), and whether it may still be given a part.
import type { ByteRange } from '#ports/recording-storage.ts';

/** The file as it is now, as conditions see it. */
export type RecordingVersion = { readonly bytes: number; readonly modifiedAt: Date };

/**
 * The part asked for; null for the whole. `unsatisfiable` when it begins behind the end. A header that is malformed, of another unit, or of
 * several parts is as good as none: players ask for one.
 */
export function toByteRange(header: string | undefined, bytes: number): ByteRange | 'unsatisfiable' | null {
  const parsed = /^bytes=[ \t]*([0-9]{0,15})-([0-9]{0,15})[ \t]*$/i.exec(header ?? '');
  if (!parsed) return null;
  const [, first = '', last = ''] = parsed;
  if (first === '') {
    if (last === '') return null;
    const length = Number(last);
    return length === 0 || bytes === 0 ? 'unsatisfiable' : { firstByte: Math.max(0, bytes - length), lastByte: bytes - 1 };
  }
  const firstByte = Number(first);
  const lastByte = last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (last !== '' && Number(last) < firstByte) return null;
  return firstByte >= bytes ? 'unsatisfiable' : { firstByte, lastByte };
}

/** Names this state of the file: a recording is written once, and retention only removes it. */
export function entityTag({ bytes, modifiedAt }: RecordingVersion): string {
  return `"${bytes.toString(16)}-${modifiedAt.getTime().toString(16)}"`;
}

/** Whether an `If-Range` condition holds, so that a part may be given; without one it does. */
export function isUnchanged(ifRange: string | undefined, version: RecordingVersion): boolean {
  if (ifRange === undefined) return true;
  return ifRange === entityTag(version) || ifRange === version.modifiedAt.toUTCString();
}
