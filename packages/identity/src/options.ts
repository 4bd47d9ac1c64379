import { type GatewayKeys, isKeySet, isSecured } from '@gatehouse/gateway-keys/gateway-keys'

/**
 * The audience as a list. jose skips the check of an audience that is undefined or empty, so such
 * an option must not pass.
 * @throws TypeError
 */
export function checkOptions(options: {
  readonly gatewayKeys: GatewayKeys
  readonly audience: string | readonly string[]
}): string[] {
  const audience = [options.audience].flat()
  const isNamed = audience.every((name) => typeof name === 'string' && name !== '')
  if (audience.length === 0 || !isNamed) {
    throw new TypeError('audience must name this service, as the gateway’s route table does')
  }
  for (const url of urlsOf(options.gatewayKeys)) {
    if (!/^https?:\/\/[^/]/i.test(url) || !URL.canParse(url)) {
      throw new TypeError('gatewayKeys must be an http or https address, or a key set')
    }
  }
  return audience
}

/** The addresses of the key sets; none for a key set itself. */
function urlsOf(keys: GatewayKeys): readonly string[] {
  if (isKeySet(keys)) return []
  const urls = [isSecured(keys) ? keys.url : keys].flat()
  return urls.length === 0 ? [''] : urls.map(String)
}
