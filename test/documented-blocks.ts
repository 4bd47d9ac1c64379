import { read } from './source-files.ts'

/** The fenced code blocks of a page that have this language, in order. */
export function blocksOf(page: string, language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm')
  return [...read(page).matchAll(fence)].map(([, code = '']) => code)
}
