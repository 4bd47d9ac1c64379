import { GATEWAY_PROOF_TYPE } from '@gatehouse/edge-headers/gateway-proof'
import { Counter, type Registry } from 'prom-client'
import type { SignClaims } from './assertions.ts'

/** Counts each signature by its kind: an assertion about a caller, or a proof of the gateway. */
export function countedSignatures(metrics: Registry, sign: SignClaims): SignClaims {
  const signed = new Counter({
    name: 'gateway_assertions_signed_total',
    help: 'Assertions about callers, and proofs of the gateway, that were signed',
    labelNames: ['kind'],
    registers: [metrics]
  })
  for (const kind of ['assertion', 'proof']) signed.inc({ kind }, 0)
  return (claims, typ) => {
    signed.inc({ kind: typ === GATEWAY_PROOF_TYPE ? 'proof' : 'assertion' })
    return sign(claims, typ)
  }
}
