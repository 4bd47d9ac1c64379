import { Type } from 'typebox'
import { instantOrNull } from '../../fields.ts'
import type { OpsRoutes } from '../ops-routes.ts'

const Migration = Type.Object(
  {
    name: Type.String({ description: 'The name of the migration.', examples: ['001-accounts'] }),
    appliedAt: instantOrNull('When it was applied; null if it was not.'),
    known: Type.Boolean({
      examples: [false],
      description:
        'Whether this version of the auth service knows it; false: a newer one applied it.'
    })
  },
  { title: 'Migration' }
)

/** The applied migrations of the database, and those that this version knows. */
export const databaseRoutes: OpsRoutes = (service, { database }) => {
  service.get(
    '/database',
    {
      schema: {
        operationId: 'getDatabaseStatus',
        summary: 'Show the migrations',
        description:
          'Lists the migrations of the database, and those that this version of the auth service knows.',
        tags: ['Operation'],
        successes: { 200: { description: 'The migrations.' } },
        response: {
          200: Type.Object(
            { migrations: Type.Array(Migration, { description: 'The migrations, in order.' }) },
            { title: 'DatabaseStatus' }
          )
        }
      }
    },
    async () => ({ migrations: await database.status() })
  )
}
