import { randomUUID } from 'node:crypto'
import { CommandAnswer, type Order } from '@gatehouse/fleet/commands'
import type { Announcement } from '@gatehouse/fleet/fleet'
import { MOST_ASKED } from '@gatehouse/fleet/questions'
import { signCommand } from '../../../keys/sign-command.ts'
import type { OpsApiOptions } from '../ops-routes.ts'
import { answersTo, decodeAnswer } from './ask-gateways.ts'

type TellingPorts = Pick<OpsApiOptions, 'fleet' | 'keys' | 'clock'>

/** Whether a gateway knows orders: earlier versions do not. */
export const takesOrders = ({ vitals }: Announcement): boolean => vitals?.drained !== undefined

/**
 * Orders gateways to do something, with a signed command in the store that they share. Returns
 * their answers, by their ids. Those that do not answer in time are missing: they may do it later.
 * @param fewest how many answers are enough; by default, all
 * @throws Refusal UNAVAILABLE if that store is unreachable, or the signing key is not known
 */
export async function tellGateways(
  { fleet, keys, clock }: TellingPorts,
  gateways: readonly Announcement[],
  order: Order,
  fewest = gateways.length
): Promise<ReadonlyMap<string, CommandAnswer>> {
  const answers = new Map<string, CommandAnswer>()
  for (let at = 0; at < gateways.length; at += MOST_ASKED) {
    const to = gateways.slice(at, at + MOST_ASKED).map(({ id }) => id)
    const id = randomUUID()
    const iat = Math.floor(clock() / 1000)
    const command = await signCommand(keys, { id, to, iat, order })
    const question = { id, to, request: null, isCommand: true }
    const enough = Math.min(fewest, to.length)
    const texts = await answersTo(fleet.questions, question, command, enough)
    for (const one of to) {
      const answer = decodeAnswer(texts.get(one), CommandAnswer)
      if (answer !== null) answers.set(one, answer)
    }
  }
  return answers
}
