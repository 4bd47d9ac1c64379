import type { SignedHead } from '@gatehouse/audit-chain/signed-head'
import { Gauge, type Registry } from 'prom-client'

export type ChainMetrics = {
  /** @param oldestMs when the oldest unchained event happened; null: all are chained */
  readonly unchained: (oldestMs: number | null) => void
  readonly head: (head: SignedHead) => void
}

export function chainMetrics(registry: Registry, clock: () => number): ChainMetrics {
  const registers = [registry]
  let newest: SignedHead | null = null
  const unchained = new Gauge({
    name: 'auth_audit_unchained_seconds',
    help: 'How long the oldest event of the audit log has waited for its place in the chain',
    aggregator: 'max',
    registers
  })
  new Gauge({
    name: 'auth_audit_head_age_seconds',
    help: 'Time since the end of the chain of the audit log was signed',
    aggregator: 'max',
    registers,
    collect() {
      if (newest !== null) this.set(Math.max(0, clock() - Date.parse(newest.at)) / 1000)
    }
  })
  const broken = new Gauge({
    name: 'auth_audit_chain_broken',
    help: '1: when the end of the chain of the audit log was last signed, events before it did not verify',
    aggregator: 'max',
    registers
  })
  return {
    unchained: (oldestMs) =>
      unchained.set(oldestMs === null ? 0 : Math.max(0, clock() - oldestMs) / 1000),
    head(head) {
      newest = head
      broken.set(head.intact ? 0 : 1)
    }
  }
}
