import { editorSchema } from '../editor-schema.ts'
import { RouteFile } from './route.ts'

/** The JSON Schema of a route table; gateway/routes.schema.json is this, and a test holds it to it. */
export const routeFileSchema = (): string => editorSchema('Gatehouse route table', RouteFile)
