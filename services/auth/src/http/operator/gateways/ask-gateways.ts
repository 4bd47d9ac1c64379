import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Announcement, Fleet } from '@gatehouse/fleet/fleet'
import { MOST_ASKED, type Question } from '@gatehouse/fleet/questions'
import type { Static, TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { fleetUnavailable } from '../../../refusals.ts'
import { liveGateways } from './live-gateways.ts'

/** Gateways with the same route table, and what one of them answered. */
export type AskedGateways<Answer> = {
  /** the same for the same route table */
  readonly version: string
  /** their names */
  readonly gateways: readonly string[]
  /** null: it did not answer in time */
  readonly answer: Answer | null
}

export type Asked<Answer> = {
  readonly tables: readonly AskedGateways<Answer>[]
  /** the names of live gateways of earlier versions, which cannot answer */
  readonly unasked: readonly string[]
}

/** A gateway looks for questions once a second. */
const PATIENCE_MS = 5000
const LOOK_MS = 100

type Asking<Schema extends TSchema> = {
  readonly fleet: Pick<Fleet, 'live' | 'questions'>
  readonly request: Question['request']
  readonly schema: Schema
}

/**
 * Asks one gateway for each route table that live gateways have. They have no address that the auth
 * service knows, so the question goes through the store that they share.
 * @throws Refusal UNAVAILABLE if that store is unreachable
 */
export async function askGateways<Schema extends TSchema>({
  fleet,
  request,
  schema
}: Asking<Schema>): Promise<Asked<Static<Schema>>> {
  const live = await liveGateways({ fleet })
  const groups = groupsOf(live)
  const to = groups.slice(0, MOST_ASKED).map(({ first }) => first.id)
  const question = { id: randomUUID(), to, request }
  const texts = to.length === 0 ? new Map() : await answersTo(fleet.questions, question)
  return {
    tables: groups.map(({ version, first, names: gateways }) => ({
      version,
      gateways,
      answer: decodeAnswer(texts.get(first.id), schema)
    })),
    unasked: live.filter(({ vitals }) => vitals === undefined).map(({ name }) => name)
  }
}

/** A new release may decide otherwise with the same table. */
function groupsOf(live: readonly Announcement[]) {
  const groups = new Map<string, { version: string; first: Announcement; names: string[] }>()
  for (const gateway of live) {
    if (gateway.vitals === undefined) continue
    const { version: release, routesVersion: version } = gateway.vitals
    const key = `${release} ${version}`
    const group = groups.get(key) ?? { version, first: gateway, names: [] }
    groups.set(key, group)
    group.names.push(gateway.name)
  }
  return [...groups.values()]
}

/**
 * Asks gateways, and waits for the answers of all of them, but not for long.
 * @param command the signed command, if the question is one
 * @param fewest how many answers are enough; by default, all
 * @throws Refusal UNAVAILABLE
 */
export async function answersTo(
  questions: Fleet['questions'],
  question: Question,
  command?: string,
  fewest: number = question.to.length
): Promise<ReadonlyMap<string, string>> {
  const { id, to } = question
  try {
    await questions.ask(question, command)
    for (let waitedMs = 0; ; waitedMs += LOOK_MS) {
      const answers = await questions.answers(id, to)
      if (answers.size >= fewest || waitedMs >= PATIENCE_MS) return answers
      await sleep(LOOK_MS)
    }
  } catch (error) {
    throw fleetUnavailable(error)
  }
}

/** What anyone can write who can write to the store is checked. */
export function decodeAnswer<Schema extends TSchema>(
  text: string | undefined,
  schema: Schema
): Static<Schema> | null {
  if (text === undefined) return null
  try {
    const value: unknown = JSON.parse(text)
    return Value.Check(schema, value) ? value : null
  } catch {
    return null
  }
}
