import t from 'tap'
import { barChart } from '../charts/bar-chart.ts'
import { picturesOf } from '../charts/draw-results.ts'
import { recorded } from '../report/results.ts'
import { ratio, resultsOf, time } from './fixtures/results.ts'

const own = time('edge/seen-token/gateway', [10, 20, 10])
const other = time('edge/seen-token/haproxy', [15, 20, 20])

t.test('a chart compares the rounds of each program with those of ours', async (t) => {
  const results = resultsOf('edge', [recorded(own), recorded(other)])
  const light = picturesOf(results).get('light') ?? ''
  t.match(light, 'Gatehouse 1.00, HAProxy, jwt_verify 1.50 (rounds from 1.00 to 2.00).')
  t.match(light, 'Example 9000, Node.js 24.0.0, 0123456789ab')
  t.notMatch(light, 'Apache', 'a program that was not measured has no bar')
})

t.test('a chart is drawn only if another program was measured as well', async (t) => {
  t.equal(picturesOf(resultsOf('edge', [recorded(own)])).size, 0)
  t.equal(picturesOf(resultsOf('edge', [recorded(other)])).size, 0)
  t.equal(picturesOf(resultsOf('starts', [recorded(ratio('starts/a', [1]))])).size, 0)
})

t.test('the text of a chart cannot become markup', async (t) => {
  const bars = [{ label: '<a> & b', value: 1, spread: null }]
  const chart = barChart([{ title: 'a < b', note: '', bars }], '', 'light')
  t.match(chart, '&lt;a&gt; &amp; b')
  t.notMatch(chart, '<a>')
})
