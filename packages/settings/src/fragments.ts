import { Type } from 'typebox'

/** What every room reads. */
export const commonSettings = {
  NODE_ENV: Type.Enum(['development', 'production', 'test'], { default: 'development' }),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info'
  })
}

/** Whose pages may use the API besides its own: the gateway answers them (CORS), the auth service takes their cookies. */
export const originSettings = {
  ALLOWED_ORIGINS: Type.String({ default: '' })
}

/** Where the embedded defaults keep their files. */
export const dataSettings = {
  GATEHOUSE_DATA_DIR: Type.String({ default: '.gatehouse', minLength: 1 })
}

export const port = (fallback: number) =>
  Type.Integer({ default: fallback, minimum: 0, maximum: 65535 })

export const host = (fallback = '127.0.0.1') => Type.String({ default: fallback, minLength: 1 })

/** What is wrong with a list of origins (RFC 6454 §6.2): each is to be what a browser sends, and in production over TLS. */
export function originFaults({
  ALLOWED_ORIGINS,
  NODE_ENV
}: {
  ALLOWED_ORIGINS: string
  NODE_ENV: string
}): string[] {
  const isOrigin = (text: string) => {
    if (!URL.canParse(text) || new URL(text).origin !== text || text.includes('*')) return false
    return text.startsWith('https://') || (text.startsWith('http://') && NODE_ENV !== 'production')
  }
  const schemes = NODE_ENV === 'production' ? 'https' : 'http or https'
  return words(ALLOWED_ORIGINS).every(isOrigin)
    ? []
    : [
        `ALLOWED_ORIGINS must be a list of ${schemes} origins, each as a browser sends it: scheme, host, and port where it is not the usual one`
      ]
}

/** A list in a setting: separated by spaces or commas. */
export function words(list: string): string[] {
  return list.split(/[\s,]+/).filter((word) => word !== '')
}
