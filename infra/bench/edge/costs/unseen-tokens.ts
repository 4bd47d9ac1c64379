import type { Figure } from '../../figures/figure.ts'
import type { Run } from '../../figures/run.ts'
import { gateway, type Surroundings } from '../contenders/contenders.ts'
import { measure, tokenScript } from '../contenders/load.ts'
import { comparedCost } from './compared-cost.ts'

/** more than a second of a round can use */
const TOKENS_PER_SECOND = 15_000

/**
 * The cost of requests with tokens that were not seen before, compared with known tokens and with
 * the check of a signature alone. It includes signing the assertion.
 */
export async function unseenTokens(around: Surroundings, run: Run): Promise<Figure[]> {
  const { folder, issuer } = around
  const seconds = Math.min(run.seconds, 2)
  const count = seconds * TOKENS_PER_SECOND
  const seen = tokenScript(folder, 'seen-again', issuer.tokens(1000))
  const edge = await gateway(around)
  const unseenTokens = () => tokenScript(folder, 'unseen', issuer.tokens(count))
  try {
    // The code for unseen tokens runs in no other round, so one round is not enough to compile it.
    for (let round = 0; round < run.rounds; round += 1) await measure(edge, unseenTokens(), seconds)
    return await comparedCost(run, {
      what: 'tokens that were not seen before',
      cost: {
        id: 'edge/unseen-token',
        title: 'processor time of a request with an unseen token',
        how: 'each request with a token of its own'
      },
      ratio: {
        id: 'edge/unseen-token/ratio',
        title: '÷ (a seen one + one crypto.verify)',
        goal: { atMost: 1.2 }
      },
      async round() {
        const unseen = await measure(edge, unseenTokens(), seconds)
        if (unseen.requests > count) throw new Error('some tokens were used twice')
        const { microseconds } = await measure(edge, seen, seconds)
        return { own: unseen.microseconds, other: microseconds + issuer.verification() }
      }
    })
  } finally {
    await edge.stop()
  }
}
