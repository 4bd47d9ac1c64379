import { type Static, Type } from 'typebox'
import { DAY_SECONDS } from '../day.ts'

/** The settings of the audit log. .env.example describes each of them. */
export const auditSettings = {
  /** 0: forever */
  AUTH_AUDIT_RETENTION_DAYS: Type.Number({ default: 400, minimum: 0, maximum: 36_500 })
}

export type AuditConfig = Static<ReturnType<typeof Type.Object<typeof auditSettings>>> & {
  readonly AUTH_REFRESH_ABSOLUTE_SECONDS: number
}

/**
 * The events of a login identify the user of a session, and the labels that a deleted account had.
 */
export const auditFaults = ({
  AUTH_AUDIT_RETENTION_DAYS: days,
  AUTH_REFRESH_ABSOLUTE_SECONDS: seconds
}: AuditConfig): string[] =>
  days > 0 && days * DAY_SECONDS < seconds
    ? ['AUTH_AUDIT_RETENTION_DAYS must be 0, or at least as long as AUTH_REFRESH_ABSOLUTE_SECONDS']
    : []
