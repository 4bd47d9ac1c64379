import { Type } from 'typebox'
import { blockedPortFault } from './blocked-ports.ts'
import { httpUrlFault } from './formats.ts'

/** The address of another process or server. */
export const httpUrl = (fallback: string) =>
  Type.String({
    title: 'an http or https URL without user and password, for example https://auth.example.com',
    faultOf: fetchedUrlFault,
    default: fallback
  })

export function fetchedUrlFault(text: string): string | null {
  const fault = httpUrlFault(text)
  if (fault !== null) return fault
  const { port } = new URL(text)
  return port === '' ? null : blockedPortFault(Number(port))
}
