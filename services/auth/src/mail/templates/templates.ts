import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fileFault } from '@gatehouse/settings/file-fault'
import { SettingsFault } from '@gatehouse/settings/read-settings'
import { commonValues, type LetterName, letterNames, letters } from '../letter.ts'
import { languageOf } from './language.ts'
import { asHtml, escaped, filled, placeholdersOf } from './template-text.ts'

/** A letter in one language, without its recipient. */
export type Rendered = { readonly subject: string; readonly text: string; readonly html: string }

export type Templates = {
  /** The language for a reader, in lower case. @param header `Accept-Language` */
  languageFor(header: string | undefined): string
  /** @param values of every placeholder of the letter */
  render(name: LetterName, language: string, values: Readonly<Record<string, string>>): Rendered
}

type Template = { readonly subject: string; readonly text: string; readonly html: string }

const OWN_FOLDER = fileURLToPath(new URL('../../../mail', import.meta.url))
const LANGUAGE = /^[a-z]{2,3}(-[a-z0-9]{2,8})*$/i
const LAYOUT = 'layout.html'
const SUBJECT = /^Subject: (\S[^\n]{0,150})\n\n/

/**
 * Reads every template, so that a mistake in one ends the start and not the sending of a letter.
 * @param folder one folder per language, and the layout of the HTML form; null: the folder of this
 * version
 * @throws SettingsFault with every mistake
 */
export function readTemplates(folder: string | null, fallback: string): Templates {
  const faults: string[] = []
  const root = folder ?? OWN_FOLDER
  const languages = languagesIn(root)
  if (!languages.has(fallback.toLowerCase())) {
    faults.push(`AUTH_MAIL_LANGUAGE: ${root} has no folder ${fallback}`)
  }
  const layout = readText(join(root, LAYOUT), faults)
  faults.push(...unknownIn(layout, ['language', 'subject', 'app', 'content'], LAYOUT))
  const templates = new Map<string, Template>()
  for (const [language, name] of languages) {
    for (const letter of letterNames) {
      const template = readTemplate(join(root, name), letter, faults)
      if (template !== null) templates.set(`${language} ${letter}`, template)
    }
  }
  if (faults.length > 0) throw new SettingsFault(faults)
  const known = new Set(languages.keys())
  return {
    languageFor: (header) => languageOf(header, known, fallback.toLowerCase()),
    render(name, language, values) {
      const template =
        templates.get(`${language} ${name}`) ?? templates.get(`${fallback.toLowerCase()} ${name}`)
      if (template === undefined) throw new Error(`no template ${name}`)
      return rendered(template, { layout, language }, values)
    }
  }
}

function rendered(
  { subject, text, html }: Template,
  { layout, language }: { readonly layout: string; readonly language: string },
  values: Readonly<Record<string, string>>
): Rendered {
  const safe = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, escaped(value)])
  )
  const title = filled(subject, values)
  const content = filled(html, safe)
  const page = { ...safe, language: escaped(language), subject: escaped(title), content }
  return {
    subject: title,
    text: filled(text, values),
    html: html.includes('<html') ? content : filled(layout, page)
  }
}

/** The languages of a folder, in lower case, with the names of their folders. */
function languagesIn(root: string): Map<string, string> {
  try {
    const entries = readdirSync(root, { withFileTypes: true })
    return new Map(
      entries
        .filter((entry) => entry.isDirectory() && LANGUAGE.test(entry.name))
        .map(({ name }) => [name.toLowerCase(), name])
    )
  } catch (error) {
    const reason = fileFault(error)
    if (reason === null) throw error
    throw new SettingsFault([`AUTH_MAIL_TEMPLATES_DIR: cannot read ${root}: ${reason}`])
  }
}

function readTemplate(folder: string, name: LetterName, faults: string[]): Template | null {
  const file = join(folder, `${name}.txt`)
  const source = readText(file, faults)
  if (source === '') return null
  const [head, subject] = SUBJECT.exec(source) ?? []
  if (head === undefined || subject === undefined) {
    faults.push(`AUTH_MAIL_TEMPLATES_DIR: ${file} must begin with "Subject: …" and an empty line`)
    return null
  }
  const text = source.slice(head.length)
  const own = join(folder, `${name}.html`)
  const ownHtml = existsSync(own) ? readText(own, faults) : null
  const html = ownHtml ?? asHtml(text)
  const known = [...commonValues, ...letters[name].values]
  faults.push(...unknownIn(source, known, file), ...unknownIn(ownHtml ?? '', known, own))
  if (subject.includes('{{link}}')) {
    faults.push(`AUTH_MAIL_TEMPLATES_DIR: ${file} must not have {{link}} in its subject`)
  }
  if (!text.includes('{{link}}') || !html.includes('{{link}}')) {
    faults.push(`AUTH_MAIL_TEMPLATES_DIR: ${file} must have {{link}}`)
  }
  return { subject, text, html }
}

const unknownIn = (text: string, known: readonly string[], file: string): string[] =>
  placeholdersOf(text)
    .filter((name) => !known.includes(name))
    .map(
      (name) => `AUTH_MAIL_TEMPLATES_DIR: ${file} has {{${name}}}, but only: ${known.join(', ')}`
    )

/** Empty if it cannot be read. */
function readText(file: string, faults: string[]): string {
  try {
    return readFileSync(file, 'utf8').replaceAll('\r\n', '\n')
  } catch (error) {
    const reason = fileFault(error)
    if (reason === null) throw error
    faults.push(`AUTH_MAIL_TEMPLATES_DIR: cannot read ${file}: ${reason}`)
    return ''
  }
}
