// Networks as configurations write them.
import { isIP } from 'node:net';

/** A network in CIDR form, such as `10.0.0.0/8` or `2001:db8::/32`. */
export type Network = string;

/** Whether a text is a network in CIDR form. */
export function isNetwork(text: string): text is Network {
  const [address = '', bits = ''] = text.split('/', 2);
  const version = isIP(address);
  return version !== 0 && text === `${address}/${bits}` && /^[0-9]{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128);
}
