import { StartFault } from '../start/start-fault.ts'

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this user may not listen on a port below 1024',
  EADDRINUSE: 'another process already listens there (address already in use)',
  EADDRNOTAVAIL: 'this machine does not have the address',
  EAI_AGAIN: 'the name of the host cannot be looked up',
  ENOTFOUND: 'there is no host of that name'
}

/** Errors about the port; all others are about the host. */
const ABOUT_PORT = new Set(['EACCES', 'EADDRINUSE'])

/**
 * Why a listener cannot listen, with the name of the setting; the error itself if it is another
 * one.
 * @param settings the prefix of its settings, for example `AUTH_OPS`
 */
export function listenFault(
  error: unknown,
  settings: string,
  { host, port }: { readonly host: string; readonly port: number }
): unknown {
  const { code = '' } = (error ?? {}) as { code?: string }
  const reason = Object.hasOwn(reasons, code) ? reasons[code] : undefined
  if (reason === undefined) return error
  const setting = `${settings}_${ABOUT_PORT.has(code) ? 'PORT' : 'HOST'}`
  const fault = new StartFault(`${setting}: cannot listen on ${host}:${port}: ${reason}`)
  return Object.assign(fault, { code, port })
}
