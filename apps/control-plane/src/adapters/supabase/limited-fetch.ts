// A fetch that reads no more than it should: the registry is a foreign system, and a page of it is never this large.

/** 500 rows of the feed with the largest hardware description each are 8 MB; what is larger is no page of ours. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** Like `fetch`, but follows no redirect, which would carry the token elsewhere, and fails on a body of more than 16 MiB. */
export async function limitedFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, { ...init, redirect: 'error' });
  if (!response.body) return response;
  const { status, statusText, headers } = response;
  let bytes = 0;
  const limit = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > MAX_BODY_BYTES) controller.error(new Error(`the registry sent more than ${MAX_BODY_BYTES} bytes`));
      else controller.enqueue(chunk);
    },
  });
  return new Response(response.body.pipeThrough(limit), { status, statusText, headers });
}
