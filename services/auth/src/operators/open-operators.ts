import type { Database } from '../database/open-database.ts'
import { forgetExpired } from '../database/statements/delete-expired.ts'
import type { Ports } from '../ports.ts'
import { type ApprovalStore, approvalStore } from './approval-store.ts'
import { type ConsoleSessions, consoleSessions } from './console-sessions.ts'
import { fourEyesOf, type OperatorConfig } from './operator-settings.ts'
import { type OperatorStore, operatorStore } from './operator-store.ts'

/** Named operators, their sessions, and the approvals of requests that need two of them. */
export type Operators = {
  readonly named: OperatorStore
  readonly sessions: ConsoleSessions
  readonly approvals: ApprovalStore
  /** the groups of requests that need a second operator */
  readonly fourEyes: ReadonlySet<string>
}

type OperatorPorts = Pick<Ports, 'cleanups' | 'log'> & {
  readonly database: Database
  readonly clock: () => number
}

/** The request of an approval may name a user by e-mail address, so it is not kept for long. */
const KEPT_SECONDS = 86_400

export function openOperators(
  config: OperatorConfig,
  { database, cleanups, clock, log }: OperatorPorts
): Operators {
  const { tables } = database
  const now = () => Math.floor(clock() / 1000)
  cleanups.push(
    () => forgetExpired(tables, 'approvals', now() - KEPT_SECONDS),
    () => forgetExpired(tables, 'operator_sessions', now()),
    () => forgetExpired(tables, 'operator_links', now())
  )
  return {
    named: operatorStore(tables, clock),
    sessions: consoleSessions(tables, clock),
    approvals: approvalStore(tables, config.AUTH_OPS_APPROVAL_SECONDS, clock, (ids) =>
      log.warn({ approvals: ids.slice(0, 10) }, 'approvals were altered in the database')
    ),
    fourEyes: fourEyesOf(config)
  }
}
