import { h } from 'preact'
import type { Texts } from '../text/en.ts'
import type { PageContent } from './document.ts'
import { link } from './parts.ts'

/**
 * Opens an address outside these pages. A redirect would not do: Chromium applies `form-action` to
 * every redirect that follows a form, also to those that the other site adds.
 * @param to a URL, or the path of one. Browsers read it up to its end: it begins with no quote
 */
export const leavingPage = (
  texts: Texts,
  to: string,
  title: 'toApp' | 'toProvider'
): PageContent => ({
  title: texts[title],
  goTo: to,
  parts: h('p', {}, link(to, texts.continue))
})
