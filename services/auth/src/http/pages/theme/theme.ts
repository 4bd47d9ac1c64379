import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { dirname, extname, resolve } from 'node:path'
import { fileFault } from '@gatehouse/settings/file-fault'
import { SettingsFault } from '@gatehouse/settings/read-settings'
import { Value } from 'typebox/value'
import { coloursFaults, themeCss } from './theme-css.ts'
import { ThemeFile } from './theme-file.ts'

/** How an operator wants the pages to look. */
export type Theme = {
  readonly name: string | null
  readonly css: string
  readonly logo: { readonly type: string; readonly content: Buffer } | null
}

const SETTING = 'AUTH_PAGES_THEME_FILE'

const types: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.webp': 'image/webp'
}

/** @throws SettingsFault if the file, its logo or one of its colours cannot be used */
export function readTheme(file: string): Theme {
  const theme = parsed(file)
  const faults = coloursFaults(theme)
  if (faults.length > 0) throw new SettingsFault(faults.map((fault) => `${SETTING}: ${fault}`))
  const { name = null, logo, css } = theme
  return {
    name,
    css:
      css === undefined ? themeCss(theme) : themeCss(theme) + readCss(resolve(dirname(file), css)),
    logo: logo === undefined ? null : readLogo(resolve(dirname(file), logo))
  }
}

function parsed(file: string): ThemeFile {
  let value: unknown
  try {
    value = JSON.parse(read(file).toString())
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new SettingsFault([`${SETTING}: ${file} is not JSON`])
  }
  if (Value.Check(ThemeFile, value)) return value
  throw new SettingsFault([
    `${SETTING}: ${file} may have name, logo, css, light and dark; light and dark may have accent and background, as colours such as #2457d6`
  ])
}

function readLogo(file: string): Theme['logo'] {
  const type = types[extname(file).toLowerCase()]
  if (type === undefined) {
    throw new SettingsFault([`${SETTING}: the logo ${file} must be an .svg, .png or .webp file`])
  }
  return { type, content: read(file) }
}

/** in bytes: browsers load it with each page until they have kept it */
const LARGEST_CSS = 65_536

function readCss(file: string): string {
  const content = read(file)
  const isFit = extname(file).toLowerCase() === '.css' && content.length <= LARGEST_CSS
  if (isFit && isUtf8(content)) return content.toString()
  throw new SettingsFault([
    `${SETTING}: the style sheet ${file} must be a .css file in UTF-8, of at most ${LARGEST_CSS} bytes`
  ])
}

function read(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    const reason = fileFault(error)
    if (reason === null) throw error
    throw new SettingsFault([`${SETTING}: cannot read ${file}: ${reason}`])
  }
}
