import { agenda } from './agenda.ts'
import { type AuthService, authService } from './auth-service.ts'
import { clients, impatientClient, ourClient, type Policy, TOKEN_SECONDS } from './clients.ts'
import { randomNumbers } from './random-numbers.ts'

/** One step of a simulation. Rates are per second. */
export type Step = {
  /** in seconds since the beginning of the scenario */
  readonly time: number
  readonly asked: number
  readonly done: number
  readonly refused: number
  /** clients whose calls wait for a token, or have failed without one */
  readonly without: number
}

/** A scenario, and the clients that live through it. */
export type Scenario = {
  readonly name: string
  readonly seconds: number
  readonly stepSeconds: number
  readonly policy: Policy
  /** the part of the clients that is active at this time, from 0 to 1 */
  readonly activity: (time: number) => number
  /** when the disturbance ends, in seconds */
  readonly endsAt: number
  /** what happens, by the second */
  readonly events: (time: number, system: System) => void
}

type System = {
  readonly auth: AuthService
  /** Lets a part of the clients load their pages again: from one share of all to another. */
  reload(from: number, to: number): void
}

/** Active clients: a tenth of a million signed-in users. */
export const CLIENTS = 100_000
/** The mean time between two calls of an active client. */
const CALL_SECONDS = 20
/** The auth services can do four times what the clients need on average. */
const CAPACITY = 4
/** The default of GATEWAY_UPSTREAM_CONNECTIONS. */
export const PLACES = 1024

/** Refreshes per second of all clients while nothing happens. */
export const usualRate = (count: number): number =>
  count / (TOKEN_SECONDS * (1 - 0.15) + CALL_SECONDS)

export const capacityOf = (count: number): number => Math.round(usualRate(count) * CAPACITY)

/** @param count how many clients; the capacity grows with them */
export function simulate(scenario: Scenario, count: number): Step[] {
  const { seconds, stepSeconds, policy, activity, events } = scenario
  const time = agenda()
  const random = randomNumbers(1)
  const auth = authService(time, { perSecond: capacityOf(count), places: PLACES })
  // A client that is active half of the time calls half as often.
  const betweenCalls = () => CALL_SECONDS + (TOKEN_SECONDS * (1 / activity(time.now) - 1) || 0)
  const all = clients({ agenda: time, auth, policy, random, betweenCalls })
  const members = Array.from({ length: count }, () => all.add(TOKEN_SECONDS * random()))
  const system: System = {
    auth,
    reload(from, to) {
      for (const one of members.slice(from * count, to * count)) one.reload()
    }
  }
  // Until the rate no longer depends on the beginning.
  const begin = 2 * TOKEN_SECONDS
  time.runUntil(begin)
  auth.counts()
  const steps: Step[] = []
  for (let second = 0; second < seconds; second += stepSeconds) {
    events(second, system)
    time.runUntil(begin + second + stepSeconds)
    const { asked, done, refused } = auth.counts()
    const [perSecond, without] = [1 / stepSeconds, all.without]
    steps.push({
      time: second,
      asked: asked * perSecond,
      done: done * perSecond,
      refused: refused * perSecond,
      without
    })
  }
  return steps
}

const always = () => 1
const nothing = () => {}

const RELEASE_SECONDS = 10
const EVENT_AT = 60
const OUTAGE_SECONDS = 600

/** Clients whose users work during the day: a quarter of them at four in the morning. */
const daily = (time: number): number =>
  0.625 - 0.375 * Math.cos((2 * Math.PI * (time / 3600 - 4)) / 24)

export const release: Scenario = {
  name: 'all pages load again within 10 s',
  seconds: 300,
  stepSeconds: 1,
  policy: ourClient,
  activity: always,
  endsAt: EVENT_AT + RELEASE_SECONDS,
  events(time, { reload }) {
    const passed = time - EVENT_AT
    if (passed >= 0 && passed < RELEASE_SECONDS) {
      reload(passed / RELEASE_SECONDS, (passed + 1) / RELEASE_SECONDS)
    }
  }
}

export const outage: Scenario = {
  name: 'no refresh for 10 minutes',
  seconds: 1200,
  stepSeconds: 1,
  policy: ourClient,
  activity: always,
  endsAt: EVENT_AT + OUTAGE_SECONDS,
  events(time, { auth }) {
    auth.isUp = time < EVENT_AT || time >= EVENT_AT + OUTAGE_SECONDS
  }
}

export const impatientOutage: Scenario = {
  ...outage,
  name: 'the same, with clients without pauses',
  policy: impatientClient
}

export const day: Scenario = {
  name: 'a day',
  seconds: 86_400,
  stepSeconds: 900,
  policy: ourClient,
  activity: daily,
  endsAt: 0,
  events: nothing
}

/** How long after the disturbance each client has its token; infinite if that does not happen. */
export function secondsUntilWell(steps: readonly Step[], endsAt: number, count: number): number {
  const after = steps.filter(({ time }) => time >= endsAt)
  const last = after.findLastIndex(({ without, refused }) => refused > 0 || without > count / 1000)
  return last === after.length - 1
    ? Number.POSITIVE_INFINITY
    : (after[last + 1]?.time ?? 0) - endsAt
}
