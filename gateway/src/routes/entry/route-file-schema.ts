import { editorSchema } from '../../yaml/editor-schema.ts'
import { RouteFile } from './route.ts'

/** The JSON Schema of a route table. A test compares gateway/routes.schema.json with it. */
export const routeFileSchema = (): string => editorSchema('Gatehouse route table', RouteFile)
