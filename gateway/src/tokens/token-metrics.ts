import { Counter, Gauge, type Registry } from 'prom-client'
import type { AccessTokenVerifier } from './access-token-verifier.ts'
import type { KeptForTokens } from './memory/kept-for-tokens.ts'

/** Shows the outcomes of access tokens. The verifier counts them, since every request passes it. */
export function tokenMetrics(
  metrics: Registry,
  { figures }: Pick<AccessTokenVerifier, 'figures'>,
  { bytes }: Pick<KeptForTokens, 'bytes'>
): void {
  const registers = [metrics]
  new Counter({
    name: 'gateway_token_verifications_total',
    help: 'Access tokens by outcome: remembered (verified earlier), verified, or refused',
    labelNames: ['outcome'],
    registers,
    collect() {
      const { remembered, verified, refused } = figures()
      this.reset()
      for (const [outcome, count] of Object.entries({ remembered, verified, refused })) {
        this.inc({ outcome }, count)
      }
    }
  })
  new Gauge({
    name: 'gateway_remembered_tokens',
    help: 'Access tokens whose verification is remembered',
    registers,
    collect() {
      this.set(figures().entries)
    }
  })
  new Gauge({
    name: 'gateway_remembered_token_bytes',
    help: 'How much of GATEWAY_TOKEN_CACHE_BYTES the remembered tokens use',
    registers,
    collect() {
      this.set(figures().bytes)
    }
  })
  new Gauge({
    name: 'gateway_assertion_bytes',
    help: 'Memory for signed assertions and claims that routes name, at most GATEWAY_TOKEN_CACHE_BYTES',
    registers,
    collect() {
      this.set(bytes())
    }
  })
}
