import { median, type Row } from '../table.ts'
import { gateway, type Surroundings } from './contenders.ts'
import { measure, tokenScript } from './load.ts'

const ROUNDS = 5
const SECONDS = 2
/** more than one round can use */
const TOKENS_A_ROUND = 30_000

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
    const ratios: number[] = []
    const costs: number[] = []
    for (let round = 0; round <= ROUNDS; round += 1) {
      tell(`tokens that nobody has seen, round ${round} of ${ROUNDS} …`)
      const fresh = tokenScript(folder, 'unseen', issuer.tokens(TOKENS_A_ROUND))
      const unseen = await measure(edge, fresh, SECONDS)
      if (unseen.requests > TOKENS_A_ROUND) throw new Error('some tokens were asked for twice')
      const { microseconds } = await measure(edge, seen, SECONDS)
      // The first round only warms up.
      if (round === 0) continue
      costs.push(unseen.microseconds)
      ratios.push(unseen.microseconds / (microseconds + issuer.verification()))
    }
    return [
      {
        figure: 'processor time of a request with an unseen token',
        goal: '',
        value: `${median(costs).toFixed(0)} µs`,
        how: 'each request a token of its own'
      },
      {
        figure: '÷ (a seen one + one crypto.verify)',
        goal: '≤ 1.2',
        value: median(ratios).toFixed(2),
        how: `${ROUNDS} rounds in turns`
      }
    ]
  } finally {
    await edge.stop()
  }
}
