/**
 * Members of responses of the operators' API. `api/operator.json` describes them. Times are ISO
 * 8601.
 */

import type * as api from './operator-api.ts'

/** A body whose members have only these values, which the API describes in words. */
export type Narrowed<
  Body,
  Members extends { readonly [Name in keyof Members]: Name extends keyof Body ? Body[Name] : never }
> = Omit<Body, keyof Members> & Members

export type Operator = Pick<api.ActingOperator, 'name' | 'role'>

export type Role = Operator['role']

export type KeyState = 'standby' | 'active' | 'retiring' | 'retired' | 'revoked'

export type SigningKey = Narrowed<api.SigningKey, { readonly state: KeyState }>

export type Gateway = api.Gateway

/** What a gateway did since its start. */
export type Vitals = api.GatewayVitals

export type Status = api.Status

/** A part of the outbox. */
export type Queue = api.DeliveryQueue

export type AuditEvent = api.AuditEvent

/** As the live events have it: with its number in the chain. */
export type AuditRecord = AuditEvent & Pick<api.AuditRecord, 'seq'>

export type User = api.OperatorUser

export type Session = api.Session
