// Where the server of a connection string is, in the words of the driver.

/**
 * What the driver is told besides the connection string. A Unix socket's folder is the host, its slashes written `%2F`, as libpq has it; the driver
 * (postgres 3.4.9) reads no such host, but takes the folder as an option and finds the socket by the port. Throws when it is no URL.
 */
export function addressOptions(url: string): { readonly host?: string } {
  const host = decodeURIComponent(new URL(url).hostname);
  return host.startsWith('/') ? { host } : {};
}
