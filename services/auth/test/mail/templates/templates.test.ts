import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { settingsFaults } from '@gatehouse/fixtures/settings-faults'
import t, { type Test } from 'tap'
import { letterNames, letters, linkOf } from '../../../src/mail/letter.ts'
import { languageOf } from '../../../src/mail/templates/language.ts'
import { readTemplates } from '../../../src/mail/templates/templates.ts'

const OWN = fileURLToPath(new URL('../../../mail', import.meta.url))

/** A copy of the templates, for a test to change. */
function copied(t: Test): string {
  const folder = join(dataFolder(t), 'mail')
  cpSync(OWN, folder, { recursive: true })
  return folder
}

const values = {
  app: 'Example <b>& Co',
  email: 'ada@example.com',
  link: 'https://app.example/reset-password#token=a&b',
  minutes: '60',
  hours: '24',
  days: '7',
  left: '9',
  device: 'Firefox on Linux',
  deletion: '2026-12-14 17:20',
  added: '2026-11-20 09:41',
  provider: 'Example',
  time: '2026-11-29 17:20'
}

t.test('every e-mail exists in English, German and Spanish, and says what to do', async (t) => {
  const { languageFor, render } = readTemplates(null, 'en')
  for (const language of ['en', 'de', 'es']) {
    t.equal(languageFor(language), language)
    for (const name of letterNames) {
      const { subject, text, html } = render(name, language, values)
      const title = `${language}/${name}`
      t.match(subject, 'Example <b>& Co', title)
      t.ok(text.includes(values.link), title)
      t.ok(html.includes('href="https://app.example/reset-password#token=a&amp;b"'), title)
      t.match(html, `<html lang="${language}">`, title)
      t.notMatch(text + html, '{{', title)
      for (const value of letters[name].values) t.ok(text.includes(values[value]), title)
      t.notMatch(html, '<b>', 'a name is escaped')
    }
  }
  const titles = ['en', 'de', 'es'].map((one) => render('password-reset', one, values).subject)
  t.equal(new Set(titles).size, 3, 'translated')
})

t.test('a value that contains a placeholder is not read again', async (t) => {
  const { text, html } = readTemplates(null, 'en').render('password-reset', 'en', {
    ...values,
    email: '{{link}}@example.com'
  })
  t.match(text, '{{link}}@example.com')
  t.match(html, '{{link}}@example.com')
})

t.test('an operator replaces the templates, even with whole pages of HTML', async (t) => {
  const folder = copied(t)
  for (const language of ['de', 'es']) rmSync(join(folder, language), { recursive: true })
  mkdirSync(join(folder, 'pt-BR'))
  for (const name of letterNames) {
    writeFileSync(
      join(folder, 'pt-BR', `${name}.txt`),
      'Subject: Senha\r\n\r\nOlá\r\n\r\n{{link}}\r\n'
    )
  }
  const page = '<!doctype html><html lang="pt-BR"><a href="{{link}}">{{app}}</a></html>'
  writeFileSync(join(folder, 'pt-BR', 'password-reset.html'), page)
  const { languageFor, render } = readTemplates(folder, 'pt-BR')
  t.equal(languageFor('de, pt-br;q=0.5'), 'pt-br')
  t.equal(languageFor('fr'), 'pt-br', 'the default')
  const { subject, text, html } = render('password-reset', 'pt-br', values)
  t.equal(subject, 'Senha')
  t.equal(text, `Olá\n\n${values.link}\n`)
  t.match(html, 'Example &lt;b&gt;&amp; Co</a></html>')
  t.match(render('password-reset', 'de', values).text, 'Olá', 'a language that was removed since')
})

t.test('every mistake in the templates ends the start, with the name of its file', async (t) => {
  const folder = copied(t)
  const change = (file: string, to: (text: string) => string) =>
    writeFileSync(join(folder, file), to(readFileSync(join(folder, file), 'utf8')))
  change('en/password-reset.txt', (text) => text.replace('Subject: ', ''))
  change('de/password-reset.txt', (text) => text.replace('{{minutes}}', '{{hours}}'))
  change('es/password-reset.txt', (text) => text.replace('{{link}}', ''))
  change('es/password-changed.txt', (text) => text.replace('Subject: ', 'Subject: {{link}} '))
  change('layout.html', (text) => text.replace('{{app}}', '{{application}}'))
  rmSync(join(folder, 'de', 'password-changed.txt'))
  const expected = [
    `AUTH_MAIL_LANGUAGE: ${folder} has no folder fr`,
    'layout.html has {{application}}',
    'en/password-reset.txt must begin with "Subject: …" and an empty line',
    'de/password-reset.txt has {{hours}}, but only: app, email, link, minutes',
    'de/password-changed.txt: no such file',
    'es/password-reset.txt must have {{link}}',
    'es/password-changed.txt must not have {{link}} in its subject'
  ]
  const found = settingsFaults(() => readTemplates(folder, 'fr'))
  for (const one of expected)
    t.ok(
      found.some((fault) => fault.includes(one)),
      one
    )
  t.equal(found.length, expected.length, found.join('\n'))
  t.strictSame(
    settingsFaults(() => readTemplates('/nowhere', 'en')),
    ['AUTH_MAIL_TEMPLATES_DIR: cannot read /nowhere: no such file or folder']
  )
})

t.test('a reader gets the language that the browser prefers, if there is a template', async (t) => {
  const available = new Set(['en', 'de', 'es', 'pt-br'])
  const expected: Record<string, string> = {
    'de-AT,de;q=0.9,en;q=0.8': 'de',
    'fr-FR, es;q=0.5, de;q=0.7': 'de',
    'PT-BR': 'pt-br',
    'pt, es;q=0.1': 'es',
    '*': 'en',
    'de;q=0, es;q=0.2': 'es',
    '': 'en',
    ';;;,,,=q': 'en'
  }
  for (const [header, language] of Object.entries(expected)) {
    t.equal(languageOf(header, available, 'en'), language, header)
  }
  t.equal(languageOf(undefined, available, 'en'), 'en')
  t.equal(languageOf('x-'.repeat(100_000), available, 'en'), 'en')
})

t.test(
  'the token stands in the fragment, and the link leads only to the application',
  async (t) => {
    t.equal(
      linkOf('https://app.example/base/', 'password-reset', 'abc'),
      'https://app.example/base/reset-password#token=abc'
    )
    t.equal(
      linkOf('https://app.example', 'password-changed', null),
      'https://app.example/forgot-password'
    )
  }
)
