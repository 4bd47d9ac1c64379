import { publicUrl } from '@gatehouse/access-token/public-url'
import { pageLoginSettings } from '@gatehouse/settings/page-login'
import { Type } from 'typebox'

/** Whether the auth service has pages for users. .env.example describes the settings. */
export const pagesSettings = {
  AUTH_PAGES: Type.Enum(['on', 'off'], { default: 'off' }),
  ...pageLoginSettings,
  AUTH_PAGES_THEME_FILE: Type.Optional(Type.String())
}

export type PagesConfig = {
  readonly AUTH_PAGES: 'on' | 'off'
  readonly AUTH_PAGES_THEME_FILE?: string | undefined
  readonly TOKEN_ISSUER: string
}

/** The path of the pages in the shipped route table. */
const PUBLIC_PATH = '/auth/pages'

/** Where browsers find the pages; null: this installation has none. */
export const pagesUrl = ({ AUTH_PAGES, TOKEN_ISSUER }: PagesConfig): string | null =>
  AUTH_PAGES === 'on' ? publicUrl(TOKEN_ISSUER, PUBLIC_PATH) : null

/** The address below which the links of letters lead. */
export const linksUrl = (config: PagesConfig & { readonly AUTH_APP_URL: string }): string =>
  pagesUrl(config) ?? config.AUTH_APP_URL

/** What is wrong with the settings. */
export const pagesFaults = ({
  AUTH_PAGES,
  TOKEN_ISSUER,
  NODE_ENV
}: PagesConfig & { readonly NODE_ENV: string }): string[] =>
  AUTH_PAGES === 'on' && NODE_ENV === 'production' && !/^https:/i.test(TOKEN_ISSUER)
    ? [
        'TOKEN_ISSUER must be the https URL of the gateway in production if AUTH_PAGES is on: links to the pages contain tokens'
      ]
    : []
