import t from 'tap'
import { edge } from '../fixtures/edge.ts'

t.test('the target of a request is read once, even if the request is refused', async (t) => {
  const gateway = await edge(t, { allowedOrigins: ['https://pages.example'] })
  const reads = t.capture(globalThis, 'decodeURIComponent', decodeURIComponent)
  const call = async (path: string) => {
    reads()
    const { status } = await fetch(`${gateway.url}${path}`, {
      headers: { origin: 'https://pages.example' }
    })
    return { status, reads: reads().filter(({ args }) => args[0].includes('hostile')).length }
  }
  t.strictSame(await call('/hostile%C3%A9'), { status: 404, reads: 1 })
  t.strictSame(await call('/hostile/%C3%A9%2e'), { status: 400, reads: 0 })
  t.strictSame(await call('/hostile/%25C3%25A9%252e.'), { status: 400, reads: 2 })
})
