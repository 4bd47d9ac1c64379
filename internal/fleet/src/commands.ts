import { type Static, Type } from 'typebox'

/** The `typ` of a signed command (RFC 7515 §4.1.9), which nothing else that is signed has. */
export const COMMAND_TYPE = 'gatehouse-command+jwt'

/** in characters */
export const LONGEST_TABLE = 128 * 1024
/** in characters; the table of a command is encoded twice */
export const LONGEST_COMMAND = 4 * LONGEST_TABLE
/** How many faults an answer names. */
export const MOST_FAULTS = 50

/** How long a command may be carried out, by the clock of the gateway, which may differ. */
export const COMMAND_SECONDS = 60

/** What an operator tells gateways to do. */
export const Order = Type.Union([
  Type.Object({
    kind: Type.Literal('drain'),
    /** even if no other gateway is left that serves clients */
    force: Type.Boolean()
  }),
  Type.Object({ kind: Type.Literal('undrain') }),
  Type.Object({ kind: Type.Literal('reload') }),
  Type.Object({
    kind: Type.Literal('validate'),
    /** YAML */
    table: Type.String({ maxLength: LONGEST_TABLE })
  })
])
export type Order = Static<typeof Order>

/**
 * An order, as the auth service signs it. Whoever can write to the store can write questions, but
 * only the auth service has a signing key.
 */
export const Command = Type.Object({
  /** of the question: a command is carried out once */
  id: Type.String({ minLength: 1, maxLength: 64 }),
  /** the ids of the gateways */
  to: Type.Array(Type.String({ maxLength: 64 })),
  /** seconds since 1970 */
  iat: Type.Number(),
  order: Order
})
export type Command = Static<typeof Command>

/** What a gateway answers to a command. */
export const CommandAnswer = Type.Object({
  done: Type.Boolean(),
  /** why it was not done, or what is wrong with the table */
  faults: Type.Array(Type.String()),
  /** which rules of the table that was read have no effect; earlier versions do not say it */
  warnings: Type.Optional(Type.Array(Type.String())),
  /** how many routes the table has that was read; null: none was read */
  routes: Type.Union([Type.Integer(), Type.Null()]),
  /** the version of the table in force after that */
  routesVersion: Type.String()
})
export type CommandAnswer = Static<typeof CommandAnswer>
