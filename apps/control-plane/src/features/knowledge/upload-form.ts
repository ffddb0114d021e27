// An upload's form, read as it arrives: one file, and the category that it is put under. Nothing is kept beyond the limits.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Busboy } from '@fastify/busboy';
import type { BusboyInstance } from '@fastify/busboy';
import type { Context } from 'hono';
import { readLargeBody } from '#http/large-body.ts';
import { ProblemError, unprocessable } from '#http/problem.ts';
import { whyUnstorable } from '#http/storable-text.ts';
import { MAX_CATEGORY_CHARACTERS, MAX_DOCUMENT_BYTES } from './document-schemas.ts';

export type UploadForm = {
  /** The file's name, without folders. */
  readonly name: string;
  readonly bytes: Buffer;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  readonly category: string | null;
};

const MAX_NAME_CHARACTERS = 200;
/** The two parts, and one more so that it can be named as too many. */
const limits = {
  parts: 3,
  files: 2,
  fields: 2,
  fieldSize: 1_000,
  fieldNameSize: 100,
  headerPairs: 20,
  headerSize: 4_096,
  fileSize: MAX_DOCUMENT_BYTES,
};

/** Throws a problem for everything that is no such form. */
export async function readUploadForm(context: Context): Promise<UploadForm> {
  const reader = openReader(context.req.header('content-type') ?? '');
  const parts = collectParts(reader);
  await pipeline(Readable.from(readLargeBody(context), { objectMode: false }), reader).catch((cause: unknown) => {
    if (cause instanceof ProblemError) throw cause;
    throw new ProblemError('invalid_request', 'body: it is no whole multipart/form-data', { cause });
  });
  const { file, category, wrong } = parts;
  if (wrong) throw wrong;
  if (!file) throw invalid('file', 'must be there, as a part with a filename');
  return { name: nameOf(file.name), category: categoryOf(category), bytes: Buffer.concat(file.pieces), sha256: file.hash.digest('hex') };
}

function openReader(contentType: string): BusboyInstance {
  if (!/^multipart\/form-data\s*;/i.test(contentType)) {
    throw new ProblemError('unsupported_media_type', 'a document is sent as content-type: multipart/form-data, in a part named file');
  }
  try {
    return new Busboy({ headers: { 'content-type': contentType }, limits });
  } catch (cause) {
    throw new ProblemError('invalid_request', 'content-type: multipart/form-data needs a boundary', { cause });
  }
}

type Parts = {
  file: { readonly name: string; readonly pieces: Buffer[]; readonly hash: ReturnType<typeof createHash> } | null;
  category: string | null;
  /** The first thing that is wrong; the rest of the form is passed over. */
  wrong: ProblemError | null;
};

function collectParts(reader: BusboyInstance): Parts {
  const parts: Parts = { file: null, category: null, wrong: null };
  const refuse = (problem: ProblemError): void => void (parts.wrong ??= problem);
  reader.on('file', (part, stream, name) => {
    stream.on('error', () => {});
    if (part !== 'file' || parts.file) {
      refuse(invalid(part, part === 'file' ? 'must be there once' : 'is no part of this form: file and category are'));
      return void stream.resume();
    }
    const file = { name, pieces: [] as Buffer[], hash: createHash('sha256') };
    parts.file = file;
    stream.on('limit', () => refuse(new ProblemError('body_too_large', `file: it may have ${MAX_DOCUMENT_BYTES} bytes`)));
    stream.on('data', (piece: Buffer) => {
      file.pieces.push(piece);
      file.hash.update(piece);
    });
  });
  reader.on('field', (part, value, ...[, isValueCut]) => {
    if (part !== 'category')
      refuse(invalid(part, part === 'file' ? 'must have a filename' : 'is no part of this form: file and category are'));
    else if (isValueCut) refuse(invalid('category', `must have at most ${MAX_CATEGORY_CHARACTERS} characters`));
    else parts.category = value;
  });
  for (const event of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const) {
    reader.on(event, () => refuse(new ProblemError('invalid_request', 'body: the form has more parts than file and category')));
  }
  return parts;
}

function nameOf(given: string): string {
  const name = given
    .replaceAll(/^.*[/\\]/gs, '')
    .normalize('NFC')
    .trim();
  if (name === '') throw invalid('file', 'must have a filename');
  if (name.length > MAX_NAME_CHARACTERS) throw unprocessable('file', `the name must have at most ${MAX_NAME_CHARACTERS} characters`);
  if (whyUnstorable(name) !== null || /\p{C}/u.test(name)) throw unprocessable('file', 'the name must hold visible characters only');
  return name;
}

function categoryOf(given: string | null): string | null {
  const category = given?.normalize('NFC').trim() ?? '';
  if (category === '') return null;
  if (category.length > MAX_CATEGORY_CHARACTERS) throw invalid('category', `must have at most ${MAX_CATEGORY_CHARACTERS} characters`);
  if (whyUnstorable(category) !== null || /\p{C}/u.test(category)) throw invalid('category', 'must hold visible characters only');
  return category;
}

function invalid(path: string, message: string): ProblemError {
  return new ProblemError('invalid_request', `body, ${path}: ${message}`, { fields: [{ path, message }] });
}
