import { fileTests } from './file-tests.ts'

// In a batch, a test file imports this module in place of tap. The query has the URL of the file.
const file = new URL(import.meta.url).searchParams.get('file') ?? ''

// biome-ignore lint/style/noDefaultExport: tap's test is a default export
export default fileTests.get(file)
