import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { schemeOf } from '@gatehouse/process/derived-addresses'
import { OPS_ADDRESS_FILE, OPS_TOKEN_FILE } from '@gatehouse/process/ops-address'
import { defaultAddress, defaultPorts } from '@gatehouse/settings/default-ports'
import { isAbsent, unreadable } from '@gatehouse/settings/file-fault'
import { httpUrlFault } from '@gatehouse/settings/formats'
import { readSettings, SettingsFault } from '@gatehouse/settings/read-settings'
import { secret } from '@gatehouse/settings/secret'
import { type Fetch, securedFetch } from '@gatehouse/tls/secured-fetch'
import { Refused } from '../failures.ts'
import { clientTls, opsTlsSettings, tlsHint } from './ops-tls.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Calls to the auth service's ops listener. */
export type OpsClient = {
  /**
   * @throws Refused with the listener's code and detail, or with the reason why it could not be
   * called
   */
  call<Body>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object): Promise<Body>
  /** The address of the listener. */
  url(): string
}

/** The settings that only the command line reads; the others are settings of the auth service. */
export const opsSettings = { AUTH_OPS_URL: {}, ...opsTlsSettings }

const TIMEOUT_MS = 30_000
const DEFAULT_ADDRESS = defaultAddress('AUTH_OPS_PORT')

export function opsClient(environment: Environment): OpsClient {
  return {
    url: () => listenerAddress(environment).url,
    async call<Body>(method: string, path: string, body?: object) {
      const { url, from } = listenerAddress(environment)
      const fault = httpUrlFault(url)
      if (fault !== null) {
        throw new Refused(
          'BAD_ADDRESS',
          `${from} must be an http or https URL such as ${DEFAULT_ADDRESS}; ${fault}.`
        )
      }
      const token = opsToken(environment)
      const send = securedFetch(clientTls(environment, url))
      const response = await send(new URL(path, url), {
        method,
        headers: {
          authorization: `Bearer ${token.text}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' })
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS)
      }).catch((error: unknown) => {
        throw new Refused(
          'UNREACHABLE',
          `No response from ${url} (${from}${causeOf(error)}). ${tlsHint(error, url) ?? 'Is the auth service running?'}`
        )
      })
      if (response.status === 204) return null as Body
      const content: unknown = await response.json().catch(() => ({}))
      if (response.status === 202) throw needsApproval(content as Pending)
      if (response.ok) return content as Body
      if (response.status === 404 && !(await isOpsListener(send, url, token.text))) {
        throw new Refused(
          'NOT_OPS_LISTENER',
          `${url} (${from}) is not the ops listener of an auth service, which is at AUTH_OPS_PORT (default ${defaultPorts.AUTH_OPS_PORT}).`
        )
      }
      throw refusalOf(response.status, content as Problem, token.from)
    }
  }
}

type Pending = { approval: { id: string; expiresAt: string } }

/** A second operator must approve the request (AUTH_OPS_FOUR_EYES). */
const needsApproval = ({ approval: { id, expiresAt } }: Pending): Refused =>
  new Refused(
    'NEEDS_APPROVAL',
    `Another operator must approve this before ${expiresAt}: npm run ops -- approvals approve ${id}. Then repeat the command.`
  )

type Problem = { code?: string; title?: string; detail?: string }

/** Whether there is an operator API at this address, even if it did not find what was requested. */
async function isOpsListener(send: Fetch, url: string, token: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}` }
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const response = await send(new URL('/ops/gateways', url), { headers, signal }).catch(() => null)
  return response?.ok === true
}

/** Why there is no response, as far as it is known. */
function causeOf(error: unknown): string {
  const { cause } = error as { cause?: { code?: string; message?: string } }
  const reason = cause?.code ?? cause?.message
  return reason === undefined ? '' : `: ${reason}`
}

function refusalOf(
  status: number,
  { code = `HTTP_${status}`, title, detail }: Problem,
  tokenFrom: string
): Refused {
  if (status === 401) {
    return new Refused(
      code,
      `The auth service does not accept the token in ${tokenFrom}: it has a different AUTH_OPS_TOKEN, and no operator has this token. It may have expired.`
    )
  }
  const said = detail === undefined ? title : inWords(detail)
  return new Refused(code, said ?? `The auth service answered ${status}.`)
}

/** A detail of the API for a person, who has typed arguments and no body. */
const inWords = (detail: string): string =>
  detail
    .replace(/^params\/(\w+) must have the documented form$/, 'there is no such $1')
    .replace(/^(body|params|querystring)\//, '')

/** The address of the listener, and where the address comes from. */
function listenerAddress(environment: Environment): { url: string; from: string } {
  const { AUTH_OPS_URL, AUTH_OPS_PORT } = environment
  if (AUTH_OPS_URL) return { url: AUTH_OPS_URL, from: 'AUTH_OPS_URL' }
  if (AUTH_OPS_PORT && AUTH_OPS_PORT !== '0') {
    const scheme = schemeOf('AUTH_OPS', environment)
    return { url: `${scheme}://127.0.0.1:${AUTH_OPS_PORT}`, from: 'AUTH_OPS_PORT' }
  }
  const left = readLeft(dataFile(environment, OPS_ADDRESS_FILE))
  if (left !== null) return { url: left, from: dataFile(environment, OPS_ADDRESS_FILE) }
  return { url: DEFAULT_ADDRESS, from: 'the default' }
}

/** The token, and where it comes from. */
function opsToken(environment: Environment): { text: string; from: string } {
  const { text, from } = givenToken(environment)
  // Other characters cannot be in a header.
  if (/^[\x20-\x7e]+$/.test(text)) return { text, from }
  throw new Refused('NO_TOKEN', `${from} must be one line of ASCII text.`)
}

function givenToken(environment: Environment): { text: string; from: string } {
  const set = setToken(environment)
  const { AUTH_OPS_TOKEN_FILE: named } = environment
  if (set !== undefined) return { text: set.trim(), from: named || 'AUTH_OPS_TOKEN' }
  const file = dataFile(environment, OPS_TOKEN_FILE)
  const token = readLeft(file)
  if (token !== null) return { text: token, from: file }
  throw new Refused(
    'NO_TOKEN',
    `There is no ops token in ${file}: no auth service has used this data folder yet. Start one, or set AUTH_OPS_TOKEN_FILE, or GATEHOUSE_DATA_DIR to its data folder.`
  )
}

/** @throws Refused if its file cannot be read, or it is set twice */
function setToken(environment: Environment): string | undefined {
  try {
    return readSettings(secret('AUTH_OPS_TOKEN'), environment).AUTH_OPS_TOKEN
  } catch (error) {
    if (!(error instanceof SettingsFault)) throw error
    throw new Refused('NO_TOKEN', `${error.faults.join('; ')}.`)
  }
}

const dataFile = (environment: Environment, name: string): string =>
  join(environment.GATEHOUSE_DATA_DIR || '.gatehouse', name)

/**
 * What the auth service has left in a file; null if there is no such file.
 * @throws Refused if it cannot be read
 */
function readLeft(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    if (isAbsent(error)) return null
    const reason = unreadable(file, error)
    if (reason === null) throw error
    throw new Refused('NO_TOKEN', `${reason}.`)
  }
}
