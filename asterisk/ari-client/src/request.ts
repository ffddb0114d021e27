/** Turns an operation's name and parameters into the request that both transports can carry. */
import { type OperationRoute, type Operations, operations } from './generated/operations.ts';

export type OperationName = keyof Operations;
export type Parameters<O extends OperationName> = Operations[O]['params'];
export type Result<O extends OperationName> = Operations[O]['result'];

export interface AriRequest {
  readonly operation: OperationName;
  readonly method: OperationRoute['method'];
  /** Path and query below `/ari/`, without a leading slash. */
  readonly uri: string;
  /** JSON text, or null. */
  readonly body: string | null;
  readonly result: OperationRoute['result'];
}

/** A transport's answer, whatever the transport was. */
export interface AriAnswer {
  readonly status: number;
  readonly reason: string;
  readonly body: string | Uint8Array;
}

/** Throws a TypeError when a parameter of the path is missing or empty: such a path would name another operation. */
export function toRequest<O extends OperationName>(operation: O, parameters: Parameters<O>): AriRequest {
  const route = operations[operation];
  const rest = new Map(Object.entries(parameters));
  const path = route.path.replaceAll(/\{(?<name>\w+)\}/g, (_, name: string) => {
    const value: unknown = rest.get(name);
    if (typeof value !== 'string' || value === '') throw new TypeError(`ARI ${operation} needs a non-empty ${name}`);
    rest.delete(name);
    return encodeURIComponent(value);
  });
  const body = route.body === undefined ? undefined : (rest.get(route.body.name) as unknown);
  if (route.body !== undefined) rest.delete(route.body.name);
  const query = [...rest].flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${queryValue(value)}`])).join('&');
  return {
    operation,
    method: route.method,
    uri: path.slice(1) + (query === '' ? '' : `?${query}`),
    body: body === undefined ? null : JSON.stringify(route.body?.wrapped === true ? { [route.body.name]: body } : body),
    result: route.result,
  };
}

/** Asterisk takes several values of one name as one list with commas. */
function queryValue(value: unknown): string {
  return Array.isArray(value) ? value.map((each) => encodeURIComponent(String(each))).join(',') : encodeURIComponent(String(value));
}
