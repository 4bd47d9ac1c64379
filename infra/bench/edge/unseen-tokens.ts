import type { Row } from '../table.ts'
import { comparedCost } from './compared-cost.ts'
import { gateway, type Surroundings } from './contenders.ts'
import { measure, tokenScript } from './load.ts'

const SECONDS = 2
/** more than one round can use */
const TOKENS_PER_ROUND = 30_000

/**
 * The cost of requests with tokens that were not seen before, compared with known tokens and with
 * the check of a signature alone. It includes signing the assertion.
 */
export async function unseenTokens(
  around: Surroundings,
  tell: (line: string) => void
): Promise<Row[]> {
  const { folder, issuer } = around
  const seen = tokenScript(folder, 'seen-again', issuer.tokens(1000))
  const edge = await gateway(around)
  try {
    return await comparedCost({
      what: 'tokens that were not seen before',
      tell,
      cost: {
        figure: 'processor time of a request with an unseen token',
        how: 'each request with a token of its own'
      },
      ratio: { figure: '÷ (a seen one + one crypto.verify)', goal: '≤ 1.2' },
      async round() {
        const fresh = tokenScript(folder, 'unseen', issuer.tokens(TOKENS_PER_ROUND))
        const unseen = await measure(edge, fresh, SECONDS)
        if (unseen.requests > TOKENS_PER_ROUND) throw new Error('some tokens were used twice')
        const { microseconds } = await measure(edge, seen, SECONDS)
        return { own: unseen.microseconds, other: microseconds + issuer.verification() }
      }
    })
  } finally {
    await edge.stop()
  }
}
