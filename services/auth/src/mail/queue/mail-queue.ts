import { createHmac, randomUUID } from 'node:crypto'
import { clientSite } from '@gatehouse/edge-headers/client-network'
import { type Kysely, sql } from 'kysely'
import { lockText } from '../../database/postgres/lock-text.ts'
import type { Tables } from '../../database/tables.ts'
import { newToken } from '../../link-tokens/link-tokens.ts'
import { queueDeliveries } from '../../outbox/queue-deliveries.ts'
import type { KeyRing } from '../../secrets/key-ring.ts'
import type { SealingKeys } from '../../secrets/seal.ts'
import type { LetterName } from '../letter.ts'
import { mailQueueFull, tooManyAsking } from '../mail-refusals.ts'
import { fewAtOnce } from './few-at-once.ts'
import { type QueuedMail, sealMail } from './queued-mail.ts'

/** A letter to queue. */
export type NewMail = Omit<QueuedMail, 'token' | 'values'> & {
  readonly values?: QueuedMail['values']
}

/** Queues letters. Nothing is sent before the transaction ends. */
export type MailQueue = {
  /**
   * Queues a letter about an account, in the transaction of the change that it is about. Does
   * nothing above the limit per address and kind: the address may not belong to the user, and a
   * user can change the password hundreds of times per minute.
   */
  add(
    transaction: Kysely<Tables>,
    mail: NewMail & { readonly token?: string },
    nowMs: number
  ): Promise<void>
  /**
   * Queues a letter with a token to an address that a stranger named. Does nothing above the limit
   * per address and kind: the earlier letters still work. Does the same work for every address.
   * @throws Refusal UNAVAILABLE if too many letters wait, in total or from the site of the client,
   * or too many strangers ask at once
   */
  request(mail: NewMail, nowMs: number): Promise<void>
}

/** The one target of letters: the server that takes them. */
export const MAIL_TARGET = 'mail'

/** The maximum number of letters of one kind to one address within `ADDRESS_WINDOW_MS`. */
export const MOST_PER_ADDRESS = 5
export const ADDRESS_WINDOW_MS = 3_600_000

/**
 * The length of the queue above which strangers cannot add letters. Each letter takes about 1 KiB.
 */
const MOST_WAITING = 10_000
/** How many of them may come from one site, so that others can still add some. */
const MOST_OF_SITE = 1000

/** How many requests of strangers use the database at a time, and how many may wait. */
const MOST_AT_ONCE = 4
const MOST_IN_LINE = 256

type MailQueueOptions = {
  readonly db: Kysely<Tables>
  readonly sealing: SealingKeys
  readonly ring: KeyRing
  /** for tests */
  readonly mostWaiting?: number
  readonly mostOfSite?: number
}

export function mailQueue({ db, sealing, ring, ...options }: MailQueueOptions): MailQueue {
  const { mostWaiting = MOST_WAITING, mostOfSite = MOST_OF_SITE } = options
  const inTurn = fewAtOnce(MOST_AT_ONCE, MOST_IN_LINE, tooManyAsking)
  const add = async (on: Kysely<Tables>, mail: QueuedMail, nowMs: number): Promise<void> => {
    const messageId = `mail_${randomUUID()}`
    const delivery = {
      kind: 'mail' as const,
      target: MAIL_TARGET,
      // Letters to one address do not wait for each other.
      lane: `${domainOf(mail.email, ring)}${siteOf(mail, ring)}${messageId}`,
      recipient: recipientOf(mail.email, ring),
      messageId,
      topic: mail.letter,
      payload: sealMail(mail, sealing, messageId)
    }
    await queueDeliveries(on, [delivery], nowMs)
  }
  return {
    async add(transaction, mail, nowMs) {
      const recipient = recipientOf(mail.email, ring)
      // Requests for one address come one after the other.
      await lockText(transaction, recipient)
      if (await hasEnough(transaction, recipient, mail.letter, nowMs)) return
      await add(transaction, { values: {}, token: null, ...mail }, nowMs)
    },
    request: (mail, nowMs) =>
      inTurn(() =>
        db.transaction().execute(async (transaction) => {
          const recipient = recipientOf(mail.email, ring)
          await lockText(transaction, recipient)
          const site = siteOf(mail, ring)
          if (await isWaiting(transaction, mostWaiting)) throw mailQueueFull()
          if (await isWaiting(transaction, mostOfSite, site)) throw mailQueueFull()
          if (await hasEnough(transaction, recipient, mail.letter, nowMs)) return
          await add(transaction, { values: {}, ...mail, token: newToken() }, nowMs)
        })
      )
  }
}

/** Names an address in the queue, which does not show it. */
const recipientOf = (email: string, ring: KeyRing): string =>
  createHmac('sha256', ring.newest.secret).update(`gatehouse mail\0${email}`).digest('base64url')

/** how much of a lane names the domain of the recipient */
export const DOMAIN_LENGTH = 22
/** how much of a lane, after that, names the site of the client */
const SITE_LENGTH = 22

const SITE = sql<string>`substr(lane, ${sql.lit(DOMAIN_LENGTH + 1)}, ${sql.lit(SITE_LENGTH)})`

/** Names the domain of an address, as `recipientOf` names the address. */
const domainOf = (email: string, ring: KeyRing): string =>
  recipientOf(email.slice(email.lastIndexOf('@')), ring).slice(0, DOMAIN_LENGTH)

/** Names the site of the client that asked for a letter, as `recipientOf` names the address. */
const siteOf = ({ source }: NewMail, ring: KeyRing): string =>
  recipientOf(`from ${clientSite(source.address)}`, ring).slice(0, SITE_LENGTH)

/**
 * Whether at least this number of letters waits.
 * @param site counts only those that it has asked for
 */
async function isWaiting(on: Kysely<Tables>, most: number, site?: string): Promise<boolean> {
  const row = await on
    .selectFrom('deliveries')
    .select('position')
    .where('kind', '=', 'mail')
    .where('state', '=', 'pending')
    .$if(site !== undefined, (query) => query.where(SITE, '=', site ?? ''))
    .orderBy('position')
    .offset(most - 1)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Whether an address has reached its limit of letters of a kind. Other kinds are not counted. */
async function hasEnough(
  on: Kysely<Tables>,
  recipient: string,
  letter: LetterName,
  nowMs: number
): Promise<boolean> {
  const { count } = await on
    .selectFrom('deliveries')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('kind', '=', 'mail')
    .where('recipient', '=', recipient)
    .where('topic', '=', letter)
    .where('created_at_ms', '>', nowMs - ADDRESS_WINDOW_MS)
    .executeTakeFirstOrThrow()
  return Number(count) >= MOST_PER_ADDRESS
}
