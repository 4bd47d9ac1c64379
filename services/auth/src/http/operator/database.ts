import { Type } from 'typebox'
import type { OpsRoutes } from './ops-routes.ts'

const Migration = Type.Object({
  name: Type.String(),
  appliedAt: Type.Union([Type.String(), Type.Null()]),
  known: Type.Boolean()
})

/** The applied migrations of the database, and those that this version knows. */
export const databaseRoutes: OpsRoutes = (service, { database }) => {
  service.get(
    '/database',
    { schema: { response: { 200: Type.Object({ migrations: Type.Array(Migration) }) } } },
    async () => ({ migrations: await database.status() })
  )
}
