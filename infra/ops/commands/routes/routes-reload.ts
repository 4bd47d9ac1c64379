import type { Command } from '../../command.ts'

type Outcome = {
  readonly gateways: readonly string[]
  readonly done: boolean | null
  readonly faults: readonly string[]
  readonly warnings: readonly string[]
  readonly routes: number | null
}

type Reloaded = { readonly outcomes: readonly Outcome[]; readonly unasked: readonly string[] }

export const routesReload: Command = {
  name: 'routes reload',
  usage: '',
  summary:
    'Lets every live gateway read its route table again at once. Exit code 1 if a table has faults; ' +
    'the previous table then stays in use.',
  words: [0, 0],
  async run(_typed, { ops }) {
    const response = await ops.call<Reloaded>('POST', '/ops/routes/reload')
    const lines = response.outcomes.flatMap(({ gateways, done, faults, warnings, routes }) => {
      const names = gateways.join(' ')
      if (done === null) return [`${names}: no answer in time`]
      return done ? [`${names}: ${routes} routes`, ...warnings] : [`${names}: refused`, ...faults]
    })
    const earlier = response.unasked.map(
      (name) => `${name}: an earlier version, which was not asked`
    )
    const isWhole = response.outcomes.every(({ done }) => done === true)
    return { json: response, text: [...lines, ...earlier].join('\n'), exitCode: isWhole ? 0 : 1 }
  }
}
