import { isIP } from 'node:net'
import { readProxyHeaders } from './proxy-headers.ts'

type GivenSettings = {
  readonly GATEWAY_PROXY_HEADERS: string
  readonly GATEWAY_PROXY_PROTOCOL: string
  readonly GATEWAY_VERIFY_PORT?: number
}

/**
 * What is wrong with the settings of the proxies in front of the gateway.
 * @param proxies the entries of GATEWAY_TRUSTED_PROXIES
 */
export function proxyFaults(settings: GivenSettings, proxies: readonly string[]): string[] {
  const faults: string[] = []
  const wide = proxies.find((range) => !isNarrowRange(range))
  if (wide !== undefined) {
    faults.push(
      `GATEWAY_TRUSTED_PROXIES must be a list of addresses and ranges, none wider than /8 (IPv4) or /7 (IPv6): every address in a range can name any client; ${wide} is not allowed`
    )
  }
  if (readProxyHeaders(settings.GATEWAY_PROXY_HEADERS) === null) {
    faults.push(
      'GATEWAY_PROXY_HEADERS must be forwarded, x-forwarded, or a list of x-forwarded-for (always), x-forwarded-proto, x-forwarded-host and x-forwarded-port'
    )
  }
  if (settings.GATEWAY_PROXY_PROTOCOL !== 'off' && proxies.length === 0) {
    faults.push(
      `GATEWAY_PROXY_PROTOCOL=${settings.GATEWAY_PROXY_PROTOCOL} needs GATEWAY_TRUSTED_PROXIES: only the proxies that it lists may send the header`
    )
  }
  if (settings.GATEWAY_VERIFY_PORT !== undefined && proxies.length === 0) {
    faults.push(
      'GATEWAY_VERIFY_PORT needs GATEWAY_TRUSTED_PROXIES: only the proxies that it lists may ask about requests'
    )
  }
  return faults
}

/** The widest private networks (RFC 1918 §3, RFC 4193 §3.1). */
const WIDEST = { 4: 8, 6: 7 } as const

function isNarrowRange(range: string): boolean {
  const [address = '', bits, ...more] = range.split('/')
  const version = isIP(address)
  if ((version !== 4 && version !== 6) || more.length > 0) return false
  if (bits === undefined) return true
  return (
    /^\d{1,3}$/.test(bits) &&
    Number(bits) >= WIDEST[version] &&
    Number(bits) <= (version === 4 ? 32 : 128)
  )
}
