import t from 'tap'
import { announcedSets } from '../../../src/keys/fetching/announced-sets.ts'

t.test('an announced key set that never comes is reported once', async (t) => {
  const faults: string[] = []
  let fetched = 0
  const sets = announcedSets({
    issuerVersion: () => 'old',
    fetches: {
      underWay: null,
      async refresh() {
        fetched += 1
        return true
      }
    },
    onFault: (reason) => faults.push(reason),
    ended: new AbortController().signal,
    pauseMs: 0
  })
  await sets.catchUp('new')
  t.strictSame(faults, [`the announced key set did not come in ${fetched} fetches`])
  t.equal(sets.coming(), null)
  await sets.catchUp('old')
  t.equal(faults.length, 1, 'a set that is there is not fetched')
})
