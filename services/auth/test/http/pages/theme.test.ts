import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SettingsFault } from '@gatehouse/settings/read-settings'
import t from 'tap'
import { contrast } from '../../../src/http/pages/theme/contrast.ts'
import { readTheme } from '../../../src/http/pages/theme/theme.ts'

const folder = t.testdir({
  'logo.svg': '<svg/>',
  'logo.exe': '',
  'own.css': 'h1 { letter-spacing: 0.02em }',
  'own.txt': '',
  'large.css': ' '.repeat(65_537),
  'latin.css': Buffer.from([0x2f, 0x2a, 0xe4, 0x2a, 0x2f])
})

/** The theme of a file with this content, or what is wrong with it. */
function themeOf(content: unknown) {
  const file = join(folder, 'theme.json')
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  try {
    return readTheme(file)
  } catch (error) {
    if (error instanceof SettingsFault) return error.message
    throw error
  }
}

t.test('a theme has a name, a logo and colours', async (t) => {
  const theme = themeOf({
    name: 'Example',
    logo: 'logo.svg',
    css: 'own.css',
    light: { accent: '#0b5d4b' },
    dark: { accent: '#7fd6c0', background: '#10201b' }
  })
  t.match(theme, { name: 'Example', logo: { type: 'image/svg+xml' } })
  const css = typeof theme === 'string' ? theme : theme.css
  t.match(css, '--accent: light-dark(#0b5d4b, #7fd6c0);')
  t.match(css, '--on-accent: light-dark(#ffffff, #10141d);')
  t.match(css, '--ground: light-dark(#f4f5f8, #10201b);')
  t.match(css, /}\nh1 { letter-spacing: 0.02em }$/, 'the own style sheet comes last')
})

t.test('a theme that cannot be used ends the start, and says why', async (t) => {
  t.match(themeOf('{'), /AUTH_PAGES_THEME_FILE: .* is not JSON/)
  t.match(themeOf({ light: { accent: 'red' } }), /as colours such as #2457d6/)
  t.match(themeOf({ light: { accent: '#ffffff; } body {' } }), /as colours such as/)
  t.match(themeOf({ logo: 'missing.svg' }), /cannot read .*missing.svg: no such file/)
  t.match(themeOf({ logo: 'logo.exe' }), /must be an .svg, .png or .webp file/)
  for (const css of ['own.txt', 'large.css', 'latin.css']) {
    t.match(themeOf({ css }), /must be a .css file in UTF-8, of at most 65536 bytes/, css)
  }
  t.match(themeOf({ css: 'missing.css' }), /cannot read .*missing.css: no such file/)
  t.match(themeOf({ colour: '#000000' }), /may have name, logo, css, light and dark/)
  t.match(
    themeOf({ light: { accent: '#ffe066' } }),
    /light.accent #ffe066 has a contrast of 1.\d with the background/
  )
})

t.test('contrast is that of WCAG 2.2', async (t) => {
  t.equal(contrast('#000000', '#ffffff'), 21)
  t.equal(contrast('#777777', '#ffffff').toFixed(2), '4.48')
})
