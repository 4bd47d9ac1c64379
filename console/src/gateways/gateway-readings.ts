import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { ask } from '../api/ask.ts'
import type { Gateways } from '../api/operator-api.ts'
import type { Gateway } from '../api/responses.ts'
import { now } from '../api/server-time.ts'
import { gateways } from '../live/live.ts'
import { loaded, readEvery } from '../parts/loaded.tsx'
import { type Load, type Sample, withSample } from './gateway-load.ts'

/** The live gateways. The live events have only what changes seldom. */
export const gatewayList = loaded(async () => {
  const sentMs = performance.now()
  const { gateways } = await ask<Gateways>('GET', '/ops/gateways')
  note(gateways)
  noteKnowledge(gateways, sentMs)
  return gateways
})

/** A gateway announces itself every two seconds. */
const READ_EVERY_MS = 3000

/**
 * Reads the list regularly while a view shows it, and at once when an event says that it changed.
 */
export function useGatewayReadings(): void {
  useEffect(() => readEvery(READ_EVERY_MS, gatewayList), [gateways.value])
}

/** What each gateway did while the page was open, by its id. */
export const loads = signal<ReadonlyMap<string, Load>>(new Map())

/**
 * Up to which time each gateway knows every revocation, by its id. In milliseconds of the clock of
 * the page (`performance.now`): only lengths of time are compared, and no clocks.
 */
export const knownUntil = signal<ReadonlyMap<string, number>>(new Map())

function noteKnowledge(gateways: readonly Gateway[], sentMs: number): void {
  const next = gateways.map(({ id, silentSeconds, revocationLagSeconds }): [string, number] => {
    const until = sentMs - (silentSeconds + ROUNDED_SECONDS + revocationLagSeconds) * 1000
    return [id, Math.max(until, knownUntil.value.get(id) ?? until)]
  })
  knownUntil.value = new Map(next)
}

/** The API rounds the time since an announcement to tenths. */
const ROUNDED_SECONDS = 0.05

function note(gateways: readonly Gateway[]): void {
  const next = gateways.flatMap(({ id, vitals }): [string, Load][] => {
    if (vitals === null) return []
    const { requests, serverErrors, refusals } = vitals
    const sample: Sample = { atMs: now.value, requests, serverErrors, refusals }
    return [[id, withSample(loads.value.get(id) ?? null, sample)]]
  })
  loads.value = new Map(next)
}
