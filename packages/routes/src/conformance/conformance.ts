import { type Deployment, type Line, lineTo, type Received } from './deployment.ts'
import { sendByHttpOne } from './http-one.ts'
import { sendByHttpTwo } from './http-two.ts'
import { type Finding, newCanary, type Outcome, type Part, type Probe, parts } from './probe.ts'
import { probesOf } from './probes.ts'

export type Report = {
  readonly findings: readonly Finding[]
  /** the parts before or after which an ordinary request did not reach the echo service */
  readonly untested: readonly Part[]
}

/** how many probes are on their way at the same time */
const AT_ONCE = 4

type Send = (probe: Probe, marker: string) => Promise<Received>

/**
 * Sends spoofed identity headers, ambiguous paths and requests with ambiguous framing through a
 * deployment, to a service that answers with what it received. Reports which of them arrived. Every
 * probe is a GET or PUT below the echo route, and none reaches into the request of another client.
 */
export async function testConformance(deployment: Deployment): Promise<Report> {
  const line = lineTo(deployment)
  const findings: Finding[] = []
  const untested: Part[] = []
  for (const part of parts) {
    const send = senderOf(part, line)
    const control = await controlOf(part, send)
    const own = control === null ? [] : await test(part, line, send, control)
    // A deployment that limits requests may have refused the last probes for that reason.
    if (own.length === 0 || (await controlOf(part, send)) === null) untested.push(part)
    findings.push(...own)
  }
  return { findings, untested }
}

async function test(part: Part, line: Line, send: Send, control: string): Promise<Finding[]> {
  const probes = probesOf[part](line.echoRoute)
  const waiting = [...probes]
  const outcomes = new Map<Probe, Outcome>()
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      outcomes.set(one, await outcomeOf(one, send, control))
    }
  })
  await Promise.all(workers)
  return probes.map((probe) => ({
    part,
    title: probe.title,
    outcome: outcomes.get(probe) ?? 'refused'
  }))
}

function senderOf(part: Part, line: Line): Send {
  if (part.startsWith('HTTP/2')) return (probe, marker) => sendByHttpTwo(line, probe, marker)
  return (probe, marker) => sendByHttpOne(line, probe, marker, part === 'WebSocket')
}

/** The response to an ordinary request; null if the echo service did not get it. */
async function controlOf(part: Part, send: Send): Promise<string | null> {
  const marker = newCanary()
  const ordinary = { title: 'an ordinary request', canary: newCanary() }
  const { text } = await send({ ...ordinary, ...(isFraming(part) ? WITH_BODY : {}) }, marker)
  return text.includes(marker) ? text : null
}

const isFraming = (part: Part): boolean => part.endsWith('framing')
const WITH_BODY = { method: 'PUT', fields: [['content-length', '1']], body: 'a' } as const

async function outcomeOf(probe: Probe, send: Send, control: string): Promise<Outcome> {
  const marker = newCanary()
  const { text, isWaiting } = await send(probe, marker)
  const { removes, isAmbiguous } = probe
  if (!text.includes(marker)) {
    return isAmbiguous !== undefined && isWaiting ? 'stalled' : 'refused'
  }
  const isLeaked = isAmbiguous?.(text) ?? text.includes(probe.canary)
  const isRemoved = removes !== undefined && control.includes(removes) && !text.includes(removes)
  return isLeaked || isRemoved ? 'leaked' : 'harmless'
}

/** Whether a report has a finding that must be looked into. */
export const isFault = ({ outcome }: Finding): boolean =>
  outcome === 'leaked' || outcome === 'stalled'

/** Whether something was tested, and every part that was tested was reachable to the end. */
export const isReliable = ({ findings, untested }: Report): boolean =>
  findings.length > 0 && !findings.some(({ part }) => untested.includes(part))

export type { Deployment, Finding, Part }
