import { isFault, type Report } from './conformance.ts'
import { type Part, parts } from './probe.ts'

const PART_WIDTH = 18
const row = (part: string, title: string): string => `${part.padEnd(PART_WIDTH)}${title}`

/** What to check if not even an ordinary request arrives. */
function questionOf(part: Part): string {
  if (part.startsWith('HTTP/2')) return 'does the deployment offer HTTP/2? Most do so only with TLS'
  if (part === 'WebSocket') return 'does the route accept WebSockets?'
  return 'is the token valid, and does the route lead to the echo service?'
}

/** A table of what must be looked into, and how many probes there were. */
export function reportText({ findings, untested }: Report): string {
  const rows = findings
    .filter(isFault)
    .map(({ part, title, outcome }) =>
      row(part, outcome === 'stalled' ? `${title} (no response: a server waits for more)` : title)
    )
  const table = rows.length === 0 ? [] : [row('part', 'reached the service'), ...rows, '']
  const counts = parts
    .filter((part) => findings.some((one) => one.part === part))
    .map((part) => {
      const own = findings.filter((one) => one.part === part)
      const count = (outcome: string) => own.filter((one) => one.outcome === outcome).length
      return `${part}: ${own.length} probes, ${count('refused')} refused, ${count('harmless')} harmless, ${count('leaked')} leaked, ${count('stalled')} stalled`
    })
  const missing = untested.map((part) =>
    findings.some((one) => one.part === part)
      ? `${part}: not reliable, an ordinary request after the probes did not reach the echo service (does the deployment limit requests?)`
      : `${part}: not tested, an ordinary request did not reach the echo service (${questionOf(part)})`
  )
  return [...table, ...counts, ...missing].join('\n')
}
