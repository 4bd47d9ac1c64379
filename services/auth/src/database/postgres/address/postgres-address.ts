import { unknownParameter } from '@gatehouse/settings/unknown-parameter'
import type { PasswordFile } from './password-file.ts'
import { type SslMode, sslModes, type TlsFile, type Way, waysOf } from './postgres-tls.ts'

/** The address of a PostgreSQL server, and how to connect to it. */
export type PostgresAddress = {
  /** the address, without the parameters that are handled here */
  readonly connectionString: string
  /** for messages: the server without user, password and database */
  readonly server: string
  readonly sslmode: SslMode
  /** the ways to secure a connection, in the order in which they are tried */
  readonly ways: readonly Way[]
  /** SCRAM with channel binding (RFC 5802 §6), if the server offers it */
  readonly channelBinding: boolean
  /** the file of the password; null: the address has it, or there is none */
  readonly passwordFile: PasswordFile | null
}

/** The settings that complement the address. */
export type PostgresSettings = {
  readonly DATABASE_PASSWORD?: string
  readonly DATABASE_PASSWORD_FILE?: string
  readonly DATABASE_SSLMODE?: string
  readonly DATABASE_CA_FILE?: string
  readonly DATABASE_CERT_FILE?: string
  readonly DATABASE_KEY_FILE?: string
}

/** Parameters that are passed on to pg. */
const PASSED = new Set(['user', 'password', 'host', 'port', 'application_name', 'options'])
/** Parameters that are handled here. */
const READ = ['sslmode', 'ssl', 'sslrootcert', 'sslcert', 'sslkey', 'channel_binding']
/**
 * Parameters that hosted databases and other clients write into addresses. They have no effect
 * here.
 */
const IGNORED = [
  'pgbouncer',
  'connection_limit',
  'pool_timeout',
  'connect_timeout',
  'gssencmode',
  'target_session_attrs',
  'sslnegotiation',
  'keepalives',
  'fallback_application_name'
]

const NO_HOST = 'no-host.invalid'

/** What an address that cannot be read most often lacks. */
const ENCODED =
  'percent-encode special characters, such as % as %25, / as %2F, # as %23, ? as %3F and @ as %40; or set DATABASE_PASSWORD; an IPv6 address is in brackets'

/** Whether a part of a URL has a % that does not begin two hexadecimal digits of UTF-8. */
function isMalformed(part: string): boolean {
  try {
    decodeURIComponent(part)
    return false
  } catch {
    return true
  }
}

/**
 * Reads an address of PostgreSQL, `postgres://user:password@host:port/database`, with libpq's
 * parameters for TLS.
 * @throws Error whose message names a setting or a parameter, never the address, which may contain
 * a password
 */
export function postgresAddress(text: string, settings: PostgresSettings): PostgresAddress {
  // `postgres://user@/database?host=/folder` names the folder of a socket. The parser requires a
  // host after the @.
  const url = URL.parse(text) ?? URL.parse(text.replace('@/', `@${NO_HOST}/`))
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol)) {
    const encoded = /^postgres(ql)?:\/\//.test(text) ? ` (${ENCODED})` : ''
    throw new Error(`it must have the form postgres://user:password@host:port/database${encoded}`)
  }
  if ([url.username, url.password, url.pathname].some(isMalformed)) {
    throw new Error(`a % in it does not begin a percent-encoded character: ${ENCODED}`)
  }
  if (url.hostname.includes(',')) throw new Error('it names several hosts, and only one is allowed')
  const parameters = url.searchParams
  const unknown = [...parameters.keys()].find(
    (name) => !PASSED.has(name) && !READ.includes(name) && !IGNORED.includes(name)
  )
  if (unknown !== undefined) {
    const known = [...PASSED, ...READ].join(', ')
    throw new Error(`${unknownParameter(unknown, url.search)}; allowed: ${known}`)
  }
  addPassword(url, settings.DATABASE_PASSWORD)
  const sslmode = modeOf(url, settings)
  const files = filesOf(parameters, settings)
  const ways = waysOf(sslmode, files)
  const channelBinding = ['prefer', 'require'].includes(parameters.get('channel_binding') ?? '')
  const server = parameters.get('host') ?? url.host
  for (const name of [...READ, ...IGNORED]) parameters.delete(name)
  const connectionString = url.href.replace(`@${NO_HOST}/`, '@/')
  const { DATABASE_PASSWORD: first, DATABASE_PASSWORD_FILE: file } = settings
  const passwordFile = file === undefined || first === undefined ? null : { file, first }
  return { connectionString, server, sslmode, ways, channelBinding, passwordFile }
}

/** @throws Error if the address already has one */
function addPassword({ password: own, searchParams }: URL, password: string | undefined): void {
  if (password === undefined) return
  if (own !== '' || searchParams.has('password')) {
    throw new Error('it has a password, and DATABASE_PASSWORD is set: set one of them')
  }
  searchParams.set('password', password)
}

/** @throws Error if it is not a mode */
function modeOf({ hostname, searchParams }: URL, settings: PostgresSettings): SslMode {
  // As in libpq: TLS is for networks.
  const host = searchParams.get('host') ?? decodeURIComponent(hostname)
  if (host.startsWith('/')) return 'disable'
  const given = searchParams.get('sslmode') ?? settings.DATABASE_SSLMODE
  if (given === undefined) {
    if (searchParams.get('ssl') === 'true') return 'require'
    const isStrict = searchParams.has('sslrootcert') || settings.DATABASE_CA_FILE !== undefined
    return isStrict ? 'verify-full' : 'prefer'
  }
  const mode = sslModes.find((known) => known === given)
  if (mode === undefined) throw new Error(`sslmode must be one of ${sslModes.join(', ')}`)
  return mode
}

function filesOf(parameters: URLSearchParams, settings: PostgresSettings) {
  const file = (parameter: string, setting: keyof PostgresSettings): TlsFile | undefined => {
    const named = parameters.get(parameter)
    if (named !== null) return { from: parameter, file: named }
    const set = settings[setting]
    return set === undefined ? undefined : { from: setting, file: set }
  }
  const authority = file('sslrootcert', 'DATABASE_CA_FILE')
  const certificate = file('sslcert', 'DATABASE_CERT_FILE')
  const key = file('sslkey', 'DATABASE_KEY_FILE')
  return {
    ...(authority === undefined ? {} : { authority }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key })
  }
}
