import { secret } from '@gatehouse/settings/secret'
import { type Static, Type } from 'typebox'
import { type PostgresAddress, postgresAddress } from './postgres/address/postgres-address.ts'
import { sslModes } from './postgres/address/postgres-tls.ts'
import { STATEMENT_MS } from './statements/deadlines.ts'

/** The settings of the database. .env.example describes each of them. */
export const databaseSettings = {
  ...secret('DATABASE_URL'),
  ...secret('DATABASE_PASSWORD'),
  DATABASE_SSLMODE: Type.Optional(Type.Enum([...sslModes])),
  DATABASE_CA_FILE: Type.Optional(Type.String()),
  DATABASE_CERT_FILE: Type.Optional(Type.String()),
  DATABASE_KEY_FILE: Type.Optional(Type.String()),
  DATABASE_POOL_SIZE: Type.Integer({ default: 10, minimum: 1, maximum: 1000 }),
  DATABASE_TIMEOUT_MS: Type.Integer({ default: STATEMENT_MS, minimum: 10, maximum: 30_000 }),
  DATABASE_WAIT_SECONDS: Type.Integer({ default: 30, minimum: 0, maximum: 3600 })
}

type Settings = Static<ReturnType<typeof Type.Object<typeof databaseSettings>>>

export type DatabaseConfig = Settings & {
  /** the parsed DATABASE_URL; null if it is unset */
  readonly database: PostgresAddress | null
}

/** The DATABASE_URL of an operator who wants SQLite, even with Redis. */
const SQLITE = 'sqlite:'

const SQLITE_WITH_PATH =
  'DATABASE_URL: for SQLite, the value must be exactly "sqlite:" (GATEHOUSE_DATA_DIR names the folder of the file)'

const LONELY_PASSWORD =
  'DATABASE_PASSWORD has no effect without the address of a PostgreSQL server in DATABASE_URL'

/** The server that the settings name, and what is wrong with them. */
export function databaseOf({ DATABASE_URL: url, ...settings }: Settings): {
  readonly database: PostgresAddress | null
  readonly faults: readonly string[]
} {
  if (url === undefined || url === SQLITE) {
    const isPassword = settings.DATABASE_PASSWORD !== undefined
    return { database: null, faults: isPassword ? [LONELY_PASSWORD] : [] }
  }
  if (url.startsWith(SQLITE)) return { database: null, faults: [SQLITE_WITH_PATH] }
  try {
    return { database: postgresAddress(url, settings), faults: [] }
  } catch (error) {
    const reason = error instanceof Error ? error.message : ''
    const fault = reason.startsWith('DATABASE_') ? reason : `DATABASE_URL: ${reason}`
    return { database: null, faults: [fault] }
  }
}

/** The address of a server that several processes can share; undefined with SQLite. */
export const sharedDatabase = ({ DATABASE_URL: url }: Settings): string | undefined =>
  url === SQLITE ? undefined : url

/** the password of docker-compose.yml, for a machine that others cannot reach */
const DEVELOPMENT_PASSWORD = 'gatehouse'

/** What is not allowed in production. */
export function unsafeDatabase({ DATABASE_PASSWORD, DATABASE_URL }: Settings): string[] {
  const password = DATABASE_PASSWORD ?? URL.parse(DATABASE_URL ?? '')?.password
  return password === DEVELOPMENT_PASSWORD
    ? ['DATABASE_URL must not have the password of docker-compose.yml in production']
    : []
}
