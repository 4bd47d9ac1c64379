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

/** An answer names the version of the table that it is about; earlier gateways do not. */
type OfTable = { readonly routesVersion?: string }

type Asking<Answer extends OfTable> = {
  readonly fleet: Pick<Fleet, 'live' | 'questions'>
  readonly request: Question['request']
  /** null: it is not an answer */
  decode(text: string | undefined): Answer | null
}

/** How often gateways are asked again that have loaded another table meanwhile. */
const MOST_ROUNDS = 3

/**
 * Asks one gateway for each route table that live gateways have. They have no address that the auth
 * service knows, so the question goes through the store that they share. A gateway may load another
 * table while it is asked: each answer counts for the table that it names, and the gateways are
 * those that have this table afterwards.
 * @throws Refusal UNAVAILABLE if that store is unreachable
 */
export async function askGateways<Answer extends OfTable>({
  fleet,
  request,
  decode
}: Asking<Answer>): Promise<Asked<Answer>> {
  const answers = new Map<string, Answer>()
  const silent = new Set<string>()
  let live = await liveGateways({ fleet })
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const asked = groupsOf(live)
      .filter(({ key, first }) => !answers.has(key) && !silent.has(first.id))
      .map(({ first }) => first)
      .slice(0, MOST_ASKED)
    if (asked.length === 0) break
    const question = { id: randomUUID(), to: asked.map(({ id }) => id), request }
    const texts = await answersTo(fleet.questions, question)
    for (const { id, vitals } of asked) {
      const answer = decode(texts.get(id))
      if (answer === null) silent.add(id)
      else
        answers.set(keyOf(vitals?.version, answer.routesVersion ?? vitals?.routesVersion), answer)
    }
    live = await liveGateways({ fleet })
  }
  return {
    tables: groupsOf(live).map(({ key, version, names: gateways }) => ({
      version,
      gateways,
      answer: answers.get(key) ?? null
    })),
    unasked: live.filter(({ vitals }) => vitals === undefined).map(({ name }) => name)
  }
}

/** A new release may decide otherwise with the same table. */
const keyOf = (release = '', routesVersion = ''): string => `${release} ${routesVersion}`

type Group = {
  readonly key: string
  readonly version: string
  readonly first: Announcement
  readonly names: string[]
}

/** The gateways of each release and route table. */
function groupsOf(live: readonly Announcement[]): Group[] {
  const groups = new Map<string, Group>()
  for (const gateway of live) {
    if (gateway.vitals === undefined) continue
    const { version: release, routesVersion: version } = gateway.vitals
    const key = keyOf(release, version)
    const group = groups.get(key) ?? { key, version, first: gateway, names: [] }
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
