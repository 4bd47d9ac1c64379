import type { Passage } from '../../request/passage.ts'
import { servicePath } from '../../routes/service-path.ts'

/** The target for the service: its path, and the query as the client wrote it. */
export const forwardedPath = ({ target, route }: Pick<Passage, 'target' | 'route'>): string =>
  `${servicePath(route, target.path)}${target.query}`
