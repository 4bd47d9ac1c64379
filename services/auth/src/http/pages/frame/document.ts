import { type ComponentChild, type ComponentChildren, h } from 'preact'
import { render } from 'preact-render-to-string'
import { type Language, languages, textsOf } from '../text/texts.ts'

/** What a page shows. */
export type PageContent = {
  readonly title: string
  readonly parts: ComponentChildren
  /** the page of a signed-in user */
  readonly signedIn?: boolean
  /** the name of the page, if it can be opened by its address; null: it answers a form */
  readonly name?: string | null
  /** of its address. The page in another language has the same */
  readonly query?: Readonly<Record<string, string>>
  /** the page has a script for passkeys, the token of a letter, or the result of a provider */
  readonly script?: 'passkey' | 'letter-token' | 'provider-result'
  /** opens a page by itself, from this page */
  readonly goTo?: string
}

/** How the pages of this installation look. */
export type Look = {
  readonly app: string
  readonly hasLogo: boolean
  readonly hasTheme: boolean
}

/** A whole page as HTML. */
export function document(content: PageContent, look: Look, language: Language): string {
  return `<!doctype html>${render(
    h('html', { lang: language }, [
      head(content, look),
      h('body', {}, [
        h('a', { class: 'skip', href: '#content' }, textsOf(language).skip),
        header(content, look, language),
        h('main', { id: 'content' }, [h('h1', {}, content.title), content.parts]),
        chooser(content, language)
      ])
    ])
  )}`
}

function head({ title, script, goTo }: PageContent, { app, hasTheme }: Look): ComponentChild {
  return h('head', {}, [
    h('meta', { charset: 'utf-8' }),
    h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    h('meta', { name: 'color-scheme', content: 'light dark' }),
    h('meta', { name: 'robots', content: 'noindex' }),
    goTo === undefined ? null : h('meta', { 'http-equiv': 'refresh', content: `0;url=${goTo}` }),
    h('title', {}, `${title} · ${app}`),
    h('link', { rel: 'icon', href: 'icon.svg' }),
    h('link', { rel: 'stylesheet', href: 'pages.css' }),
    hasTheme ? h('link', { rel: 'stylesheet', href: 'theme.css' }) : null,
    script === undefined ? null : h('script', { type: 'module', src: `${script}.js` })
  ])
}

/** The pages that every page of a signed-in user links to. */
const linkedPages = ['account', 'factors', 'sessions'] as const

function header(
  { signedIn = false, name }: PageContent,
  { app, hasLogo }: Look,
  language: Language
): ComponentChild {
  const texts = textsOf(language)
  const brand = hasLogo ? h('img', { src: 'logo', alt: app }) : app
  return h('header', {}, [
    h('p', { class: 'brand' }, brand),
    signedIn
      ? h('nav', { 'aria-label': texts.yourAccount }, [
          ...linkedPages.map((page) =>
            h(
              'a',
              { href: page, ...(page === name ? { 'aria-current': 'page' as const } : {}) },
              texts[page]
            )
          ),
          h('a', { href: 'sign-out' }, texts.signOut)
        ])
      : null
  ])
}

/** Links to the same page in other languages. A page that answers a form has no address. */
function chooser({ name = null, query = {} }: PageContent, language: Language) {
  if (name === null) return null
  return h(
    'footer',
    {},
    h(
      'nav',
      { 'aria-label': textsOf(language).chooseLanguage },
      languages.map((one) =>
        h(
          'a',
          {
            href: `${name}?${new URLSearchParams({ ...query, language: one })}`,
            lang: one,
            hreflang: one,
            ...(one === language ? { 'aria-current': 'true' as const } : {})
          },
          textsOf(one).languageName
        )
      )
    )
  )
}
