import { ask } from '../api/ask.ts'
import type { AuditChain, AuditHead, AuditRecord } from '../api/operator-api.ts'

/** The browser has the file in its memory until it is stored. */
const MOST_RECORDS = 200_000
const PAGE = 1000

const line = (type: string, content: object): string => `${JSON.stringify({ type, ...content })}\n`

/**
 * The audit log as `ops audit export` writes it: the chain, its heads, and its records.
 * @param onRecords is called with how many records were read
 * @throws Problem, Error if the log is too long
 */
export async function exportLog(onRecords: (count: number) => void): Promise<Blob> {
  const heads: string[] = []
  // First, so that no head is newer than the last record.
  for (let after = 0; ; ) {
    const page = await numbered<AuditHead>('heads', after)
    if (page.length === 0) break
    heads.push(...page.map((head) => line('head', head)))
    after = page.at(-1)?.number ?? after
  }
  const chain = await ask<AuditChain>('GET', '/ops/audit/chain')
  const { anchor, last } = chain
  if (last.seq - anchor.seq > MOST_RECORDS) {
    throw new Error('The log is too long for the browser. Use: npm run -s ops -- audit export FILE')
  }
  const parts: Blob[] = [new Blob([line('chain', chain), ...heads])]
  for (let after = anchor.seq; after < last.seq; ) {
    const page = await numbered<AuditRecord>('records', after)
    if (page.length === 0) break
    const own = page.filter(({ seq }) => seq <= last.seq)
    parts.push(new Blob(own.map((record) => line('event', record))))
    after = page.at(-1)?.seq ?? last.seq
    onRecords(Math.min(after, last.seq) - anchor.seq)
  }
  return new Blob(parts, { type: 'application/x-ndjson' })
}

async function numbered<Item>(what: 'heads' | 'records', after: number): Promise<Item[]> {
  const query = new URLSearchParams({ after: String(after), limit: String(PAGE) })
  const response = await ask<Record<string, Item[]>>('GET', `/ops/audit/${what}?${query}`)
  return response[what] ?? []
}

/** Lets the browser store a file. */
export function store(content: Blob, name: string): void {
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
