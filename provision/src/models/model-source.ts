/** Where a model's files are fetched from: its own address or a mirror's, and the hub's list of files for a model whose files nobody has listed. */
import { fetch } from 'undici';
import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { modelPathSchema } from './manifest.ts';
import type { ManifestModel } from './manifest.ts';
import { explainConnection, explainStatus, ModelError } from './model-failure.ts';
import type { WantedFile } from './models-folder.ts';

/** The model's address; a mirror stands for its scheme and host and keeps the path. Throws `ModelError` for a mirror that is no address. */
export function sourceUrl(model: ManifestModel, mirror: string | undefined): string {
  if (mirror === undefined || mirror === '') return model.url;
  const base = URL.parse(mirror);
  if (!base || !/^https?:$/.test(base.protocol))
    throw new ModelError('obstacle', `${model.mirrorVariable}=${mirror} is not an http or https address`, {
      fix: `write it as https://mirror.example.com or https://mirror.example.com/folder`,
    });
  const own = new URL(model.url);
  return `${base.href.replace(/\/$/, '')}${own.pathname}`;
}

/** The address of one file. */
export function fileUrl(source: string, { remotePath }: Pick<WantedFile, 'remotePath'>): string {
  return `${source}/${remotePath.split('/').map(encodeURIComponent).join('/')}`;
}

/** What the hub's tree says of a file: large ones carry the SHA-256 of their content. */
const treeSchema = z.array(
  z.object({
    type: z.string(),
    path: z.string(),
    size: z.int().min(0),
    lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: z.int().min(0) }).optional(),
  }),
);

/** More than this is no model that we run: a list that does not end is cut off. */
const MAX_FILES = 500;

/** Files that no engine reads. */
const LEFT_OUT = /(^|\/)\.|\.(md|png|jpe?g|gif|mp4)$|(^|\/)(LICENSE|USE_POLICY)/i;

/**
 * Asks the hub which files the model's revision has. What it says is believed as long as nobody has pinned anything: the caller says so to the operator.
 * Throws `ModelError` when the address is no hub's.
 */
export async function listRemoteFiles(
  source: string,
  { dispatcher, signal, token }: { dispatcher: Dispatcher; signal: AbortSignal; token: string | null },
): Promise<readonly WantedFile[]> {
  const found = /^(https?:\/\/.+)\/([^/]+\/[^/]+)\/resolve\/([^/]+)$/.exec(source);
  if (!found)
    throw new ModelError('obstacle', `${source} is no address of a hub that lists its files`, {
      fix: 'fetch them by hand and bring the folder with "models import DIR"',
    });
  const url = `${found[1]}/api/models/${found[2]}/tree/${found[3]}?recursive=true`;
  const headers = token === null ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(url, { dispatcher, signal, headers }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw explainConnection(error, url);
  });
  if (response.status !== 200) throw explainStatus(response.status, url);
  const tree = treeSchema.safeParse(await response.json().catch(() => null));
  if (!tree.success)
    throw new ModelError('failed', `${url}: not the list of files that a hub gives:\n${z.prettifyError(tree.error)}`, {
      fix: 'bring the folder with "models import DIR"',
    });
  const files = tree.data.filter(({ type, path }) => type === 'file' && !LEFT_OUT.test(path));
  const odd = files.find(({ path }) => !modelPathSchema.safeParse(path).success);
  if (odd || files.length === 0 || files.length > MAX_FILES)
    throw new ModelError('failed', `${url}: ${odd ? `a file with an odd name: ${odd.path}` : `${files.length} files`}`, {
      fix: 'bring the folder with "models import DIR"',
    });
  return files.map(({ path, size, lfs }) => ({ path, remotePath: path, bytes: lfs?.size ?? size, sha256: lfs?.oid ?? null }));
}
