import { Type } from 'typebox'
import { blockedPortFault } from './blocked-ports.ts'
import { drainSettings } from './drain-times.ts'
import { hostFault, httpUrlFault } from './formats.ts'

/** The settings that every service reads. */
export const commonSettings = {
  NODE_ENV: Type.Enum(['development', 'production', 'test'], { default: 'development' }),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info'
  }),
  ...drainSettings
}

/** The folder for the files of the embedded stores. */
export const dataSettings = {
  GATEHOUSE_DATA_DIR: Type.String({ default: '.gatehouse', minLength: 1 })
}

export const port = (fallback: number) =>
  Type.Integer({ default: fallback, minimum: 0, maximum: 65535 })

export const host = (fallback = '127.0.0.1') =>
  Type.String({
    title: 'an IP address or the name of a host, without a port',
    faultOf: hostFault,
    default: fallback
  })

/** The names by which clients reach a listener. */
export const hostNames = () =>
  Type.String({
    title: 'a list of names of hosts, without ports, separated by spaces or commas',
    faultOf: hostsFault,
    default: ''
  })

/** The address of another process or server. */
export const httpUrl = (fallback: string) =>
  Type.String({
    title: 'an http or https URL without user and password, for example https://auth.example.com',
    faultOf: fetchedUrlFault,
    default: fallback
  })

/** Where spans are exported, by a name that OpenTelemetry defines for every program. */
export const tracingSettings = {
  OTEL_EXPORTER_OTLP_ENDPOINT: Type.Optional(
    Type.String({
      title: 'the base http or https URL of a collector, for example http://127.0.0.1:4318',
      faultOf: fetchedUrlFault
    })
  )
}

/** Read by the auth service, which applies it, and by the gateway, which warns of stricter rules. */
export const pageLoginSettings = {
  AUTH_PAGES_RECENT_SECONDS: Type.Integer({ default: 900, minimum: 10, maximum: 86_400 })
}

/** A list in a setting: separated by spaces or commas. */
export function words(list: string): string[] {
  return list.split(/[\s,]+/).filter((word) => word !== '')
}

function fetchedUrlFault(text: string): string | null {
  const fault = httpUrlFault(text)
  if (fault !== null) return fault
  const { port } = new URL(text)
  return port === '' ? null : blockedPortFault(Number(port))
}

function hostsFault(list: string): string | null {
  for (const [index, word] of words(list).entries()) {
    const fault = hostFault(word)
    if (fault !== null) return `entry ${index + 1}: ${fault}`
  }
  return null
}
