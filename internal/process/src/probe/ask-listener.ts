import { readFileSync } from 'node:fs'
import { type IncomingMessage, get as overPlain } from 'node:http'
import { text } from 'node:stream/consumers'
import { settingNames } from '@gatehouse/tls/setting-names'

/**
 * Asks a listener of this machine, as a health check does. If its settings name a certificate, this
 * asks over TLS and shows the same certificate, because the listener may demand one. It does not
 * verify the listener: it sends nothing secret, and the certificate need not name this machine.
 * @param listener the prefix of its settings, for example `AUTH_OPS`
 * @throws Error if there is no response
 */
export async function askListener(
  listener: string,
  url: string,
  environment: Readonly<Record<string, string | undefined>>
): Promise<{ readonly status: number; readonly body: string }> {
  const names = settingNames(listener)
  const { [names.cert]: cert = '', [names.key]: key = '' } = environment
  // Loaded only if it is needed, because a health check starts often.
  const overTls = cert === '' ? null : (await import('node:https')).get
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request =
      overTls === null
        ? overPlain(url, { agent: false }, resolve)
        : overTls(url, { ...pems(cert, key), agent: false, rejectUnauthorized: false }, resolve)
    request.once('error', reject)
    request.once('close', () => reject(new Error('the request closed without a response')))
  })
  return { status: response.statusCode ?? 0, body: await text(response) }
}

const pems = (cert: string, key: string) => ({ cert: readFileSync(cert), key: readFileSync(key) })
